"""The rules that the proof is about are those of the code, and the table of them names what there is."""

import importlib
import inspect
import operator
import pkgutil
import random
import re
from pathlib import Path
from unittest import mock

import coq_terms
import mpmath
import numpy as np
import pytest

from gaugeblock import spec
from gaugeblock.conformance import arithmetic
from gaugeblock.conformance.arithmetic import bounded, namespace, operand_errors
from gaugeblock.conformance.arithmetic import bounded_functions as xp
from gaugeblock.conformance.arithmetic.rounding import HOST, MODELS
from gaugeblock.conformance.formulas import adam_steps
from gaugeblock.spec import proofs

TEXT = "\n".join(map(proofs.text_of, ("rounding.v", "rules.v", "soundness.v")))
ARITHMETICS = {
    "float32": MODELS["float32"],
    "float32, flushed": MODELS["float32"]._replace(flush=True),
    "float32, tf32": MODELS["float32"]._replace(factor=2.0**-10),
    "float64": MODELS["float64"],
    "float16": MODELS["float16"],
    "bfloat16, flushed": MODELS["bfloat16"]._replace(flush=True),
    "host": HOST,
    "8 bits": MODELS["bfloat16"]._replace(accumulator=0),  # so that terms of second order count
}
FLOAT16, FLOAT32 = np.dtype("float16"), np.dtype("float32")
DIGITS = 400  # 1 + 2^-1074 and more


@pytest.fixture(autouse=True)
def _precisely():
    """INFLATION covers what is computed in float64; here that is compared without it."""
    with mpmath.workdps(DIGITS), np.errstate(all="ignore"), mock.patch.object(bounded, "INFLATION", 1.0):
        yield


def rules(model, text=TEXT):
    """What the files for Coq define, with the numbers of a model."""
    fields = {name: mpmath.mpf(getattr(model, name)) for name in ("inner_unit", "smallest_normal", "factor")}
    fields |= {f"{name}_ulp": mpmath.mpf(getattr(model, name)) for name in ("exp", "expm1", "log", "sqrt")}
    fields |= {"unit_roundoff": mpmath.mpf(model.unit), "smallest_subnormal": mpmath.mpf(model.smallest_subnormal)}
    fields |= {"division": model.division, "accumulates": bool(model.accumulator), "flushes": model.flushes}
    return coq_terms.definitions(text, fields)


# The constructors of `expr`, and what the code makes of their operands; then those that take several operands n times.
OPERATIONS = {
    "Neg": (1, operator.neg),
    "Add": (2, operator.add),
    "Sub": (2, operator.sub),
    "Mul": (2, operator.mul),
    "Div": (2, operator.truediv),
    "Where": (4, lambda a, b, x, y: xp.where(a < b, x, y)),
    "Exp": (1, xp.exp),
    "Expm1": (1, xp.expm1),
    "Log": (1, xp.log),
    "Sqrt": (1, xp.sqrt),
}
OF_MANY = {
    "Sum": (1, lambda x: xp.sum(x, axis=1)),
    "Max": (1, lambda x: xp.max(x, axis=1)),
    "Matmul": (2, lambda x, y: xp.reshape(xp.matmul(x, xp.matrix_transpose(y)), (1,))),
}


class Expressions:
    """Random expressions, each with the bounded array that the code makes of it."""

    def __init__(self, model):
        self.model, self.random = model, random.Random(0)
        self.scales = [(-3, 3), (-3, 3), (model.exponent - 12, model.exponent), (-model.exponent - 3, -model.exponent)]

    def input(self):
        size = 2.0 ** self.random.uniform(*self.random.choice(self.scales))
        x = self.random.choice([0.0, 1.0, *[size, -size] * 4])
        e = self.random.choice([0.0, 0.0, abs(x) * 10 ** self.random.uniform(-8, 0.2), 1e-3])
        return ("Input", mpmath.mpf(x), mpmath.mpf(e)), bounded.Bounded([x], [e], self.model, FLOAT32)

    def grown(self, depth, kind=None):
        """An expression of the kind, or of any, whose operands have a finite bound."""
        if depth == 0:
            return self.input()
        while True:
            chosen = kind or self.random.choice([*OPERATIONS, *OF_MANY])
            count, function = OPERATIONS[chosen] if chosen in OPERATIONS else OF_MANY[chosen]
            if chosen in OPERATIONS:
                terms, arrays = zip(*(self.grown(depth - 1) for _ in range(count)), strict=True)
                made = (chosen, *terms), function(*arrays)
            else:
                n = self.random.randrange(4)
                rows = [[self.grown(depth - 1) for _ in range(n + 1)] for _ in range(count)]
                arrays = [xp.reshape(xp.concat([a for _, a in row]), (1, n + 1)) for row in rows]
                made = (chosen, *([t for t, _ in row].__getitem__ for row in rows), n), function(*arrays)
            if np.isfinite(made[1].value[0]) and np.isfinite(made[1].error[0]):
                return made

    def cast(self, depth):
        """One that is rounded to float16."""
        (term, array), half = self.grown(depth), MODELS["float16"]
        return ("Cast", mpmath.mpf(half.unit), mpmath.mpf(half.underflow), term), xp.astype(array, FLOAT16)


ZERO = ("Input", mpmath.mpf(0), mpmath.mpf(0))


def without_zeros(term, named):
    """An expression without products by an exact 0, and terms that are one: `product_by_zero` and `few_terms`."""
    kind, *operands = term

    def small(operand):
        return without_zeros(operand, named) if isinstance(operand, tuple) else operand

    def is_zero(operand):
        return named["exact"](operand) == 0 and named["bound"](operand) == 0

    if kind in OF_MANY:
        *rows, n = operands
        rows = [[small(row(i)) for i in range(n + 1)] for row in rows]
        kept = [i for i in range(n + 1) if kind == "Max" or not any(is_zero(row[i]) for row in rows)]
        picked = [[row[i] for i in kept].__getitem__ for row in rows]
        return (kind, *picked, len(kept) - 1) if kept else ZERO
    operands = [small(each) for each in operands]
    if kind in ("Mul", "Div") and any(map(is_zero, operands[: 1 + (kind == "Mul")])):
        return ZERO
    return (kind, *operands)


def disagreements(model, text=TEXT, kinds=(*OPERATIONS, *OF_MANY, "Cast"), count=20):
    """The random expressions whose bound in the proof differs from that of the code by more than 10^-6."""
    named, expressions, found = rules(model, text), Expressions(model), []
    # In binary64 itself only one operation is compared: the code's values are then off by as much as its bounds.
    depths = (1,) if model.precision == 53 else (1, 2)
    for kind in kinds:
        for depth in depths:
            for _ in range(count):
                made = expressions.cast(depth) if kind == "Cast" else expressions.grown(depth, kind)
                term, array = made
                wanted, got = named["bound"](without_zeros(term, named)), mpmath.mpf(array.error[0])
                finite = np.isfinite(array.value[0]) and np.isfinite(array.error[0])  # no overflow by a cast
                if finite and abs(got - wanted) > 1e-6 * wanted + mpmath.mpf(2) ** -1060:
                    found.append((term, float(wanted), float(got)))
    return found


@pytest.mark.parametrize("name", ARITHMETICS)
def test_the_rules_of_the_proof_are_those_of_the_code(name):
    assert disagreements(ARITHMETICS[name]) == []


# Another rule, and where that is seen.
OTHERS = [
    ("e + gamma k * (Rabs y + e) + loss", "e + gamma k * Rabs y + loss", "8 bits", "Add"),
    ("Definition sub_bound (a e b f : R) := rounded (a - b) (e + f) 1 flushed", "", "float32, flushed", "Sub"),
    ("Rabs a * f + Rabs b * e + e * f", "Rabs a * f + Rabs b * e", "float32", "Mul"),
    ("factor * (Rabs a + e)", "factor * Rabs a", "float32, tf32", "Mul"),
    ("(Rabs b - f) in", "Rabs b in", "float32", "Div"),
    ("(1 + gamma 1) * ((Rabs a + e) * underflow)", "0 * underflow", "float32", "Div"),
    ("gamma_of_sum n * sizes +", "gamma n * sizes +", "float16", "Sum"),
    ("if accumulates then rounded y e 1 0 else e", "e", "float16", "Matmul"),
    ("(INR (S n) * (underflow + flushed))", "(INR n * (underflow + flushed))", "float32", "Matmul"),
    ("| Max a n => maximum (fun i => bound (a i)) n", "| Max a n => bound (a n)", "float32", "Max"),
    ("Rmax g (Rabs (y - x) + h)", "Rmax g h", "float32", "Where"),
    ("e + growth u 1 * (Rabs x + e) + loss", "e + growth u 1 * (Rabs x + e)", "float32", "Cast"),
    ("2 * inner_unit * (Rabs x + e)", "2 * inner_unit * Rabs x", "8 bits", "Exp"),
    ("exp x * (exp e - 1)", "exp e - 1", "float32", "Expm1"),
    ("(- ln (1 - e / x))", "(e / x)", "float32", "Log"),
    ("sqrt (Rmax (x - e) 0)", "sqrt x", "float32", "Sqrt"),
]


@pytest.mark.parametrize(("old", "new", "name", "kind"), OTHERS)
def test_another_rule_is_found(old, new, name, kind):
    new = new or old.replace("flushed", "0")
    assert old in TEXT
    assert disagreements(ARITHMETICS[name], TEXT.replace(old, new), [kind], 40)


@pytest.mark.parametrize("name", ["float32", "float32, flushed"])
def test_inputs_and_casts_have_the_rules_of_the_proof(name):
    model, rng = ARITHMETICS[name], np.random.default_rng(0)
    named = rules(model)
    for x, e in rng.uniform(-1, 1, (100, 2)) * 2.0 ** rng.uniform(-140, -110, (100, 2)):
        lifted = bounded.lift(x, model, FLOAT32)
        assert float(named["lift_bound"](mpmath.mpf(x))) == lifted.error
        cast, rounding_error = bounded.Bounded(x, abs(e), HOST, FLOAT32), abs(float(np.float32(x)) - x)
        wanted = named["cast_error_bound"](mpmath.mpf(rounding_error), mpmath.mpf(x), mpmath.mpf(abs(e)))
        assert float(operand_errors.cast_error(cast.value, cast.error, model)) == pytest.approx(float(wanted), rel=1e-9)


def test_carried_errors_have_the_rule_of_the_proof():
    added, decayed = [0.5, 0.25, 2.0, 0.0], rules(HOST)["decayed"]
    for steps, error in enumerate(adam_steps.decayed(0.75, np.array(added))):
        assert decayed(mpmath.mpf(0.75), lambda k: mpmath.mpf(added[k]), steps) == error


# The table of rules.

PAGE = (Path(__file__).parent.parent / "docs/soundness.md").read_text()
FILES = [each.name for each in pkgutil.iter_modules(arithmetic.__path__)]
MODULES = {name: importlib.import_module(f"{arithmetic.__name__}.{name}") for name in FILES}
MODULES["adam_steps"] = adam_steps
WITHOUT = PAGE.partition("These round nothing")[2].partition("\n## Closed forms\n")[0]
PROVED = set(re.findall(r"^(?:Lemma|Theorem) ([\w']+)", "\n".join(map(proofs.text_of, proofs.names())), re.M))


def cells(heading):
    """The cells of the first table under a heading."""
    lines = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")][1:]


def quoted(text):
    return re.findall(r"`([^`]+)`", text)


def is_defined(function, name):
    """Whether it is a function of that name, and not another one under a second name."""
    return inspect.isfunction(function) and function.__name__ == name


def defined_in_bounded():
    """The functions of bounded.py, and the operators and methods of its arrays."""
    functions = {name for name, each in vars(bounded).items() if inspect.isfunction(each)}
    functions = {name for name in functions if getattr(bounded, name).__module__ == bounded.__name__}
    methods = {f"Bounded.{name}" for name, each in vars(bounded.Bounded).items() if is_defined(each, name)}
    # `value_of` chooses values, and the rest of these makes the arrays, or one is made of the others.
    others = {"value_of", "model_of"}
    others |= {f"Bounded.__{name}__" for name in ("init", "array_namespace", "getitem", "le", "ge", "lt", "gt", "eq")}
    return (functions | methods) - others


def test_what_the_table_names_exists():
    rules_of_the_code = [name for row in cells("Rule by rule") for name in quoted(row[1])]
    for name in rules_of_the_code:
        module, _, path = name.partition(".")
        operator.attrgetter(path)(MODULES[module])
    lemmas = [row[2] for row in cells("Rule by rule")] + [row[1] for row in cells("Closed forms")]
    assert set(quoted(" ".join(lemmas))) <= PROVED
    assert all(row[2] for row in cells("Rule by rule"))
    others = [name for name in quoted(WITHOUT) if "." in name and not name.endswith(".py")]
    for name in others:
        module, _, path = name.partition(".")
        operator.attrgetter(path)(MODULES[module])


# What computes no bound of rounding errors: exact values, where arrays are, which step is widest, orders of sums.
NO_BOUNDS = "doublewords", "twofold", "twofold_functions", "device_arrays", "steps", "orders"

# What helps the rules of a file, and is none: shapes, kinds, masks.
HELPERS = {
    "correlated": {"of_logarithm"},
    "creation": {"centres", "zeros_of"},
    "decisions": {"to_even"},
    "derivatives": {"from_places", "narrowed", "scaled", "without"},
    "first_order": {"as_followed", "each", "is_wide", "made", "plain", "following", "width"},
    "functions": {"assumed", "far", "function", "log_of_ball", "near", "of_logarithm", "of_tangent", "real",
                  "sigmoid_of_ball", "within"},
    "numbers": {"as_noted", "cast_first", "ends"},
    "operand_errors": {"finite"},
    "pairs": {"accuracy", "finite_product"},
    "reductions": {"before", "count_of", "first_of", "last_axis"},
    "rounding": {"at_least_float32", "isdtype", "nearest", "nearest_to", "numerics", "scattered"},
    "running": {"dtype_of", "enclosed", "evaluate", "is_open", "lift_bounded", "lift_exactly", "lift_twofold", "lifted",
                "lifted_call", "names_of", "on_these", "raised_here", "result_of", "run", "running", "with_defaults"},
    "slopes": {"bare", "follows", "kept", "part"},
    "specials": {"all_finite", "all_true", "any_true", "same"},
    "windows": {"chosen", "windows"},
}  # fmt: skip


def rules_of(module):
    """The functions of a file of the arithmetic, and what it gives to formulas."""
    functions = {name: each for name, each in vars(module).items() if inspect.isfunction(each)}
    own = {name for name, each in functions.items() if each.__module__ == module.__name__}
    return (own | set(namespace.NAMES.get(module, "").split())) - HELPERS.get(module.__name__.rpartition(".")[2], set())


@pytest.mark.parametrize("file", sorted(MODULES))
def test_every_rule_of_the_arithmetic_has_a_lemma_or_is_said_to_have_none(file):
    """A rule that is new belongs on the page: with its lemma, or as one that has none."""
    if file in ("bounded", "adam_steps") or file in NO_BOUNDS or (f"{file}.py" in quoted(PAGE) and file != "structure"):
        return  # which are looked through below, or compute no bound
    wanted = {"any_along"} if file == "structure" else rules_of(MODULES[file])
    assert {f"{file}.{name}" for name in wanted} - set(quoted(PAGE)) == set()


def test_a_rule_is_proved_or_not():
    with_lemmas = {name for row in cells("Rule by rule") for name in quoted(row[1])}
    without = {name for row in cells("Rules without a lemma") for name in quoted(row[1])}
    assert with_lemmas & without == set()
    assert "functions.sin" in without


def test_no_rule_is_missing_from_the_table():
    named = {name.removeprefix("bounded.") for name in quoted(PAGE.partition("## Rule by rule")[2])}
    assert defined_in_bounded() - named == set()
    lemmas = {name for row in cells("Rule by rule") for name in quoted(row[2])}
    assert {name for name in PROVED if name.endswith("_ok")} <= lemmas


@pytest.mark.parametrize("formula", spec.formulas())
def test_the_bound_of_a_page_cites_lemmas_that_exist(formula):
    (said,) = re.findall(r"^Proved by Coq: .*$", spec.page(formula).partition("\n## Bound\n")[2], re.M)
    assert quoted(said)
    assert set(quoted(said)) <= PROVED
