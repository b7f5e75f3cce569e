"""The proofs prove what they claim, what is too strong they refuse, and the pages lead to them."""

import importlib
import re
import shutil
import subprocess
from itertools import cycle
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import sympy

from gaugeblock import spec
from gaugeblock.conformance.arithmetic.rounding import MODELS
from gaugeblock.conformance.formulas import call
from gaugeblock.conformance.judging import oracle
from gaugeblock.reference import AdamState
from gaugeblock.spec import proofs
from gaugeblock.spec.proofs import coq, gradients, shift
from gaugeblock.spec.proofs.real import Real, flat, symbol

FOLDER = Path(proofs.__file__).parent
GAPPA = [name for name in proofs.names() if name.endswith(".g")]
COQ = [name for name in proofs.names() if name.endswith(".v")]
GRADIENTS = [formula for formula in spec.formulas() if formula.endswith("_vjp")]
LINK = re.compile(r"\]\(proofs/([^)]+)\)")
CLAIM = re.compile(r"(?P<what>\|(?P<result>\w+) -/? [^|]+\|) <= (?P<mantissa>\d+)b(?P<exponent>-\d+)")

needs_gappa = pytest.mark.skipif(
    shutil.which("gappa") is None,
    reason="NOT RUN: gappa is not installed, so that the proofs about rounding are not run",
)
needs_coq = pytest.mark.skipif(
    shutil.which("coqc") is None or shutil.which("coqchk") is None,
    reason="NOT RUN: coq is not installed, so that the theorem about all formulas is not checked",
)


# What they prove.


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=needs_gappa if n in GAPPA else ()) for n in proofs.names() if n not in COQ]
)
def test_it_is_a_proof(name):
    assert proofs.failures(name) == []


@pytest.mark.thorough
@needs_coq
def test_the_theorem_and_its_parts_are_proved():
    assert [failure for name in COQ for failure in proofs.failures(name)] == []


@pytest.mark.parametrize("missing", [[], GAPPA, COQ], ids=["", "without Gappa", "without Coq"])
def test_one_command_runs_them(missing, monkeypatch, capsys):
    def failures(name):
        if name in missing:
            raise FileNotFoundError("No such file or directory")
        return []

    monkeypatch.setattr(proofs, "failures", failures)
    with pytest.raises(SystemExit) as done:
        importlib.import_module("gaugeblock.spec.proofs.__main__")  # what `python -m` runs
    said = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert list(said) == proofs.names()
    assert [name for name, what in said.items() if what != "proved"] == missing
    assert done.value.code == (1 if missing else 0)


@needs_gappa
@pytest.mark.parametrize("name", [name for name in GAPPA if name != "clip_ends.g"])
def test_half_of_each_claim_is_refused(name):
    def halved(claim):
        return f"{claim['what']} <= {claim['mantissa']}b{int(claim['exponent']) - 1}"

    text, claims = CLAIM.subn(halved, proofs.text_of(name))
    assert claims > 1
    assert len([line for line in proofs.unproved(text) if re.match(r"(REL|BND)\(", line)]) == claims


# What is wrong in a text, and the proofs that it is then none of.
WRONG = {
    "epsilon inside the root": ("adam_binary*.g", "sqrt(v1 / c2) + epsilon", "sqrt(v1 / c2 + epsilon)"),
    "no bias correction": ("adam_binary32.g", "(m1 / c1)", "m1"),
    "the moments exchanged": ("adam_binary32.g", "(m1 / c1) / (sqrt(v1", "(v1 / c1) / (sqrt(m1"),
    "the bias subtracted": ("neuron_binary??.g", "= product + b", "= product - b"),
    "the bias subtracted, fused": ("neuron_binary??_fma.g", "x * w + b)", "x * w - b)"),
    "a lower end that binary16 has": ("clip_ends.g", "LOWER = 1e-15", "LOWER = 1e-7"),
    "an upper end that binary32 has": ("clip_ends.g", "UPPER = 1 - 1e-15", "UPPER = 1 - 1e-7"),
    "TensorFlow's epsilon as it is": ("adam_forms.py", "epsilon_hat = epsilon * c2.sqrt()", "epsilon_hat = epsilon"),
    "lerp the other way": ("adam_forms.py", "(1 - beta1) * (grad - m)", "beta1 * (grad - m)"),
}
CHANGED = [
    pytest.param(path.name, old, new, id=f"{what}: {path.name}", marks=needs_gappa if path.suffix == ".g" else ())
    for what, (pattern, old, new) in WRONG.items()
    for path in sorted(FOLDER.glob(pattern))
]


@pytest.mark.parametrize(("name", "old", "new"), CHANGED)
def test_what_is_wrong_is_refused(name, old, new):
    text = proofs.text_of(name)
    assert old in text
    wrong = text.replace(old, new, 1)
    if name.endswith(".g"):
        assert proofs.unproved(wrong)
    else:
        module = {"__name__": "wrong", "__package__": proofs.__name__}
        exec(compile(wrong, name, "exec"), module)
        assert proofs.nonzero(module["claims"]())


# What takes something from a rule, and the lemma that is then not proved.
TOO_SMALL = {
    "an input that is half flushed": ("then Rabs x else 0 else 0", "then Rabs x / 2 else 0 else 0", "lift_ok"),
    "a cast that counts an error once": ("rounding_error + 2 * e", "rounding_error + e", "cast_error_ok"),
    "half a rounding": ("e + gamma k * (Rabs y + e) + loss", "e + gamma k * (Rabs y + e) / 2 + loss", "rounded_ok"),
    "a rounding without the error": ("e + gamma k * (Rabs y + e) + loss", "e + gamma k * Rabs y + loss", "rounded_ok"),
    "half a negation": ("Rabs (- x - - a) <= e", "Rabs (- x - - a) <= e / 2", "neg_ok"),
    "a sum of two that is not flushed": ("rounded (a + b) (e + f) 1 flushed", "rounded (a + b) (e + f) 1 0", "add_ok"),
    "a difference that is not flushed": ("rounded (a - b) (e + f) 1 flushed", "rounded (a - b) (e + f) 1 0", "sub_ok"),
    "a factor as coarse as its value": ("factor * (Rabs a + e) +", "factor * Rabs a +", "coarse_ok"),
    "a coarse factor that does not underflow": ("(Rabs a + e) + / 2 ^ 133)", "(Rabs a + e))", "coarse_ok"),
    "no product of errors": ("Rabs a * f + Rabs b * e + e * f", "Rabs a * f + Rabs b * e", "product_ok"),
    "a product that does not underflow": ("(coarse b f)) 1 underflow", "(coarse b f)) 1 0", "mul_ok"),
    "a divisor without its error": ("* f) / (Rabs b - f).", "* f) / Rabs b.", "quotient_ok"),
    "one rounding by a reciprocal": ("gamma 2 * Rabs (x / y) + underflow +", "gamma 1 * Rabs (x / y) + underflow +",
                                     "reciprocal_ok"),
    "no loss of a reciprocal": ("then (1 + gamma 1) * ((Rabs a + e) * underflow)", "then 0", "truediv_ok"),
    "a quotient that does not underflow": ("(INR division * underflow + reciprocal_loss a e b f)",
                                           "(reciprocal_loss a e b f)", "truediv_ok"),
    "the largest of the last": ("<= maximum e n.", "<= e n.", "max_ok"),
    "a tree that is not flushed": ("* sizes g l + INR m * flushed.", "* sizes g l.", "tree_ok"),
    "one term fewer": ("let additions := pred (length (nonzero g l)) in",
                       "let additions := pred (pred (length (nonzero g l))) in", "few_terms_ok"),
    "an accumulator that is not rounded": (":= if accumulates then rounded y e 1 0 else e.", ":= e.", "accumulated_ok"),
    "half a sum": ("error + (gamma_of_sum n * sizes", "error + (gamma_of_sum n / 2 * sizes", "sum_ok"),
    "a sum that is not flushed": ("* sizes + INR n * flushed))", "* sizes))", "sum_ok"),
    "a sum without its products": ("own := gamma_of_sum (S n) * sizes", "own := gamma_of_sum n * sizes", "matmul_ok"),
    "products that do not underflow": ("(INR (S n) * (underflow + flushed))", "(INR (S n) * flushed)", "matmul_ok"),
    "sums of products that are not flushed": ("(INR (S n) * (underflow + flushed))", "(INR (S n) * underflow)",
                                              "matmul_ok"),
    "a partial sum without its roundings": ("Rabs w <= (1 + gamma_of_sum m) * sizes", "Rabs w <= sizes", "partial_ok"),
    "surely above, but for the error": ("largest < Rabs y - e ->", "largest < Rabs y ->", "surely_ok"),
    "one branch": ("Rmax g (Rabs (y - x) + h)", "g", "either_ok"),
    "a condition without errors": ("then if Rle_dec (b - f) (a + e)", "then if Rle_dec b a", "where_ok"),
    "a cast without the error": ("e + growth u 1 * (Rabs x + e) + loss", "e + growth u 1 * Rabs x + loss", "astype_ok"),
    "a cast that does not underflow": ("e + growth u 1 * (Rabs x + e) + loss", "e + growth u 1 * (Rabs x + e)",
                                       "astype_ok"),
    "a function of half the ulps": ("own + 2 * ulp * unit_roundoff", "own + ulp * unit_roundoff", "library_ok"),
    "exact in spite of an error": ("if Req_EM_T x at_x then if Req_EM_T e 0 then 0 else charged else",
                                   "if Req_EM_T x at_x then 0 else", "elementary_ok"),
    "an argument without its error": ("2 * inner_unit * (Rabs x + e) in", "2 * inner_unit * Rabs x in", "exp_ok"),
    "exp that underflows later": ("(4 * smallest_normal) then exp_u", "(smallest_normal / 2) then exp_u", "exp_ok"),
    "half of expm1": ("(exp x * (exp e - 1)) (expm1", "(exp x * (exp e - 1) / 2) (expm1", "expm1_ok"),
    "log as steep as at 1": ("(- ln (1 - e / x)) (log_ulp M)", "(e / x) (log_ulp M)", "log_ok"),
    "sqrt as steep as at x": ("let own := if Rlt_dec e x then e / (sqrt x + sqrt (Rmax (x - e) 0))",
                              "let own := if Rlt_dec e x then e / (sqrt x + sqrt x)", "sqrt_ok"),
    "half of what a step adds": ("beta * decayed beta own j + own j", "beta * decayed beta own j + own j / 2",
                                 "decayed_ok"),
}  # fmt: skip
# The same of the theorem and of the closed forms.
TOO_SMALL_ELSEWHERE = {
    "no division by what may be 0": ("soundness.v", " /\\ bound b < Rabs (exact b)", ""),
    "dense": ("formulas.v", "Let closed := gamma (S (S n)) * T", "Let closed := gamma (S n) * T"),
    "half of softmax": ("formulas.v", "E / (2 - F) - 1) * p +", "E / (2 - F) - 1) * p / 2 +"),
    "half of log-softmax": ("formulas.v", "Let B i := gamma 1 * Rabs (x i - m) + L +", "Let B i := L / 2 +"),
    "cross-entropy": ("formulas.v", "+ gamma classes * sizes +", "+ gamma n * sizes +"),
}


def batches():
    """The changes of `TOO_SMALL` in groups, in each of which a lemma is meant once: a run of Coq takes some seconds."""
    groups = []
    for name, (_, _, lemma) in TOO_SMALL.items():
        free = next((group for group in groups if lemma not in group.values()), None)
        if free is None:
            groups.append(free := {})
        free[name] = lemma
    return groups


def not_proved(text, folder):
    """The lemmas of a text that its proofs do not prove. Coq goes on behind each as if it were proved."""
    text = re.sub(r"^(?=Definition|Fixpoint|Inductive|Lemma|Theorem|End)", "Admitted.\n", text, flags=re.M)
    done = subprocess.run(["coqtop", "-q"], input=text, cwd=folder, capture_output=True, text=True, check=False)
    return sorted(re.findall(r"\(in proof ([\w']+)\): Attempt to save an incomplete proof", done.stdout + done.stderr))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """A folder with all files for Coq, compiled."""
    folder = tmp_path_factory.mktemp("coq")
    for name in coq.order({name: proofs.text_of(name) for name in COQ}):
        (folder / name).write_text(proofs.text_of(name))
        assert coq.compiled(folder, name) == []
    return folder


@pytest.mark.thorough
@needs_coq
@pytest.mark.parametrize("group", batches(), ids=lambda group: f"{len(group)} changes")
def test_a_rule_that_is_too_small_is_not_proved(group, compiled):
    text = proofs.text_of("rules.v")
    for name in group:
        old, new, _ = TOO_SMALL[name]
        assert old in text, name
        text = text.replace(old, new)
    found = not_proved(text, compiled)
    assert [lemma for lemma in found if lemma.endswith("_ok")] == sorted(group.values())  # others may rest on these
    assert bool(found) == bool(group)


def test_something_is_taken_from_each_rule():
    rules = re.findall(r"^Lemma (\w+_ok)\b", proofs.text_of("rules.v"), re.M)
    assert {lemma for _, _, lemma in TOO_SMALL.values()} == set(rules)


@pytest.mark.thorough
@needs_coq
@pytest.mark.parametrize(("name", "old", "new"), TOO_SMALL_ELSEWHERE.values(), ids=TOO_SMALL_ELSEWHERE)
def test_what_is_too_small_is_not_proved(name, old, new, compiled, tmp_path):
    folder, text = shutil.copytree(compiled, tmp_path / "coq"), proofs.text_of(name)
    assert old in text
    (folder / name).write_text(text.replace(old, new))
    assert coq.compiled(folder, name)


@pytest.mark.parametrize(
    "text", ["Lemma a : 0 = 1. Admitted.", "Axiom a : 0 = 1.", "Lemma a : 0 = 1. Proof. admit. Qed."]
)
def test_what_is_left_out_is_found(text):
    assert coq.left_out(text)
    assert not coq.left_out(f"(* {text} *)")


@needs_coq
def test_what_is_assumed_is_found():
    assert coq.unproved({"a.v": "Hypothesis h : 0 = 1.\nLemma l : 0 = 1.\nProof. exact h. Qed.\n"}) == {
        "a.v": ["Axioms: a.h"]
    }
    assert coq.unproved({"a.v": "Lemma l : 1 = 1.\nProof. reflexivity. Qed.\n"}) == {"a.v": []}
    resting = "From Coq Require Import Reals.\nRequire Import b.\nLemma l : 0 = 1.\nProof. exact b.h. Qed.\n"
    found = coq.unproved({"b.v": "Axiom h : 0 = 1.\n", "a.v": resting, "c.v": "Lemma l : 1 = 1. Proof. easy. Qed.\n"})
    assert found == {"b.v": ["Axiom: a proof is left out"], "a.v": ["it needs b.v, which is not proved"], "c.v": []}
    assert "no summary" in coq.assumed("")[0]


def changed(result, change):
    """A result with its last element changed."""
    if isinstance(result, list | tuple):
        return [*result[:-1], changed(result[-1], change)]
    return change(result)


# One for each gradient, by turns.
CHANGES = {"sign": lambda gx: -gx, "twice": lambda gx: gx * 2, "more": lambda gx: gx + 1}


@pytest.mark.parametrize(("formula", "what"), [*zip(GRADIENTS, cycle(CHANGES), strict=False)])
def test_a_wrong_derivative_is_found(formula, what):
    change = CHANGES[what]
    module, right = importlib.import_module(f"gaugeblock.spec.{formula}"), gradients.definition(formula)
    with mock.patch.object(module, formula, lambda *arguments: changed(right(*arguments), change)):
        assert proofs.nonzero(gradients.claims_of(formula))


def test_a_region_is_decided_by_its_point():
    x, one = symbol("x", -2), Real(1)
    assert x < 0 < one
    assert (x * x).log() > 1
    assert (x * x).exp().expression == sympy.exp(x.expression**2)
    with mock.patch.object(importlib.import_module("gaugeblock.spec.relu_vjp"), "relu_vjp", lambda x, g: g):
        assert proofs.nonzero(gradients.claims_of("relu_vjp")) == ["relu_vjp, x = -2: off by g"]


@pytest.mark.parametrize("formula", shift.ARGUMENTS)
def test_a_definition_that_a_shift_changes_is_found(formula):
    module, right = importlib.import_module(f"gaugeblock.spec.{formula}"), shift.definition(formula)
    place = next(n for n, name in enumerate(shift.ARGUMENTS[formula]) if name in ("x", "rows"))

    def wrong(*arguments):
        return changed(right(*arguments), lambda y: y * flat(arguments[place])[0])

    with mock.patch.object(module, formula, wrong):
        assert proofs.nonzero(shift.claims_of(formula))


# What they are there for.


def supported(name):
    """The labels of the requirements that a proof supports, or the name of the proof that it is a part of."""
    labels = proofs.LABELS.match(proofs.text_of(name))
    return re.split(r",\s+", labels[1]) if labels else []


def test_every_file_is_a_proof():
    others = {"__init__.py", "__main__.py", "coq.py", "real.py"}
    assert {path.name for path in FOLDER.iterdir() if path.is_file()} - set(proofs.names()) == others


def test_every_gradient_and_every_shift_is_proved():
    assert supported("gradients.py") == [f"{formula}.value" for formula in gradients.DERIVATIVES]
    assert sorted(gradients.DERIVATIVES) == GRADIENTS
    assert supported("shift.py") == [f"{formula}.shift" for formula in shift.ARGUMENTS]
    labels = [label for formula in spec.formulas() for label in spec.requirements(formula)]
    assert sorted(supported("shift.py")) == sorted(label for label in labels if label.endswith(".shift"))


@pytest.mark.parametrize("name", proofs.names())
def test_it_supports_requirements_whose_pages_link_it(name):
    for label in supported(name):
        if label in proofs.names():  # that it is a part of
            assert label != name
            continue
        assert spec.requirement(label).label == label
        assert name in LINK.findall(spec.page(label.partition(".")[0])), label


@pytest.mark.parametrize("formula", spec.formulas())
def test_what_a_page_links_supports_it(formula):
    page = spec.page(formula)
    parts = [page.partition(f"\n## {title}\n")[2].partition("\n## ")[0] for title in ("Bound", "Proofs")]
    found = [name for part in parts for name in LINK.findall(part)]
    assert found == LINK.findall(page)
    for name in found:
        assert formula in {label.partition(".")[0] for label in supported(name)}, name


def claimed(name):
    """The numbers that a proof claims, by result."""
    claims = CLAIM.finditer(proofs.text_of(name))
    return {claim["result"]: int(claim["mantissa"]) * 2.0 ** int(claim["exponent"]) for claim in claims}


@pytest.mark.parametrize("fma", ["", "_fma"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_bounds_are_no_less_than_what_is_proved(dtype, fma):
    rng, model = np.random.default_rng(0), MODELS[dtype]
    proved = claimed(f"adam_{dtype.replace('float', 'binary')}{fma}.g")
    assert max(proved["m1"], proved["v1"]) <= model.gamma(4)
    for step in (0, 1, 9, 1000, 100000):
        grad, m, root = np.exp2(rng.uniform(-40, 20, (3, 100))).astype(dtype) * np.array([[1], [step > 0], [step > 0]])
        state = AdamState(step, m.astype(dtype), (root * root).astype(dtype))
        theta = np.zeros(100, dtype)
        moved = oracle.bounded_run(call("adam_step", (theta, grad.astype(dtype), state), {}), theta.dtype, model)[
            "theta"
        ]
        assert np.all((proved["step"] + proved["theta1"]) * np.abs(moved.value) <= moved.bound)

    proved = claimed(f"neuron_{dtype.replace('float', 'binary')}{fma}.g")
    x, w, b = rng.normal(size=(3, 100)).astype(dtype)
    for each in zip(x, w, b, strict=True):
        (expected,) = oracle.bounded_run(call("neuron", tuple(map(np.asarray, each)), {}), x.dtype, model).values()
        product = abs(float(each[0]) * float(each[1])) * proved.get("product", 0)
        assert product + model.unit * (abs(expected.value) + product) <= expected.bound
    assert proved["y"] <= model.gamma(2)
    assert proved["subnormal"] <= model.underflow
