"""The cases as files for other languages: inputs, correctly rounded values and bounds, all as the bits of numbers.

``docs/vectors.md`` describes them for those who read them; ``vectors.schema.json`` beside this module is their schema.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from ... import spec
from ..arithmetic import exact
from ..arithmetic.rounding import MODELS, Model, finfo, nearest, nearest_to
from ..arithmetic.running import Expected, enclosed
from ..formulas import Case
from ..formulas.requirements import name_of
from ..judging import oracle
from ..judging.examination import examine
from ..judging.judge import count_after, judged_cases
from ..judging.made_expectations import compact_cases
from .program import hexadecimal, request_of

SCHEMA_VERSION = 1
SCHEMAS = "results.schema.json", "vectors.schema.json"
MANIFEST = "MANIFEST"
LINE = re.compile(r"([0-9a-f]{64})  (\S+)")  # of the manifest, as sha256sum writes it
SEED = 0
LARGEST = 2000  # numbers in the inputs of a case
MOST_BITS = 160 * 2**5  # of the balls: from there on only an exact middle between two numbers is left
BITS_BEYOND = 64  # of a certificate's ends, more than the dtype has
BOUND_BITS = 20  # more of a bound would only tell one machine's exp and sums from another's


AnyFormula = str | Callable[..., Any]


def names(formulas: Sequence[AnyFormula] = spec.formulas()) -> list[str]:
    """The paths of all files, in the order in which they are written."""
    return [*SCHEMAS, *(f"{name_of(formula)}/{dtype}.json" for formula in formulas for dtype in MODELS), MANIFEST]


def survey(folder: Path, formulas: Sequence[AnyFormula] = spec.formulas()) -> tuple[list[str], list[str]]:
    """What a folder has that is none of the vectors, and what earlier ones left there that there no longer is."""
    wanted = set(names(formulas))
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    before = set(listed(folder)) if MANIFEST in present else set()
    return sorted(present - before - wanted), sorted(present & before - wanted)


def listed(folder: Path) -> dict[str, str]:
    """The SHA-256 that a folder's manifest says of each path.

    Raises
    ------
    ValueError
        A line that does not say that.
    """
    found = {}
    for line in (folder / MANIFEST).read_text(encoding="utf-8", errors="replace").splitlines():
        parts = LINE.fullmatch(line)
        if not parts:
            raise ValueError(f"{folder / MANIFEST}: got the line {line[:60]!r}; wanted a SHA-256 and a path")
        found[parts[2]] = parts[1]
    return found


def files(
    progress: Callable[[str], None] = lambda what: None, formulas: Sequence[AnyFormula] = spec.formulas()
) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each file of the vectors, the manifest last: the same bytes every time."""
    sums: list[str] = []
    by_name = {name_of(formula): formula for formula in formulas}
    for name in names(formulas):
        if name == MANIFEST:
            text = "".join(sums)
        elif name in SCHEMAS:
            text = resources.files("gaugeblock.conformance.exchange").joinpath(name).read_text(encoding="utf-8")
        else:
            formula, dtype = name.removesuffix(".json").split("/")
            progress(f"{formula} {dtype}")
            text = document(by_name[formula], dtype)
        sums.append(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n")
        yield name, text


def document(formula: AnyFormula, dtype: str) -> str:
    """The vectors of a formula in a dtype: JSON with a line for each case."""
    left_out, lines = {}, []
    own = isinstance(formula, str)  # whose chosen cases are many
    if not own:
        examine(formula, dtype, SEED)
    pairs = [*judged_cases(formula, dtype, SEED, "gradual", "full"), *([] if own else compact(formula, dtype))]
    for case, expected in pairs:
        why = reason_to_leave_out(case)
        found = None if why else settled(case, expected, np.dtype(dtype))
        if found is None:
            left_out[case.id] = why or f"{MOST_BITS} bits of a real value do not tell to which of two numbers it rounds"
        else:
            lines.append(json.dumps(vector(case, *found, np.dtype(dtype))))
    head = {"schema": SCHEMA_VERSION, "spec": spec.VERSION, "formula": name_of(formula), "dtype": dtype, "seed": SEED}
    parts = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    without = ",\n".join(f"{json.dumps(name)}: {json.dumps(why)}" for name, why in left_out.items())
    parts += ['"left_out": {\n' + without + "\n}", '"cases": [\n' + ",\n".join(lines) + "\n]"]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def compact(formula: AnyFormula, dtype: str) -> Iterator[tuple[Case, dict[str, Expected]]]:
    """The compact calls of the made cases, each once, of which every element is judged."""
    seen = set[int]()
    for made, expected in compact_cases(formula, dtype, SEED):
        if id(made.compact) not in seen and not any(np.any(np.isinf(each.bound)) for each in expected.values()):
            seen.add(id(made.compact))
            named = made.compact._replace(requirement=made.requirement, name=made.name, note=made.note)
            yield named, expected


def reason_to_leave_out(case: Case) -> str:
    """Why a case is in no file, or nothing."""
    if case.requirement.endswith((".layout", ".resumed", ".donate")):
        return "about memory, which numbers in a file do not show"
    count = sum(array.size for array in arrays(case).values())
    return f"{count} numbers, more than {LARGEST}; `gaugeblock check` has it" if count > LARGEST else ""


def arrays(case: Case) -> dict[str, np.ndarray]:
    """The arrays among the arguments of a case, those of a state too."""
    named: dict[str, Any] = {}
    for name, value in zip(case.formula.parameters, case.arguments, strict=False):
        named |= value._asdict() if hasattr(value, "_asdict") else {name: value}
    return {name: np.asarray(value) for name, value in named.items() if hasattr(value, "dtype")}


def settled(
    case: Case, expected: dict[str, Expected], dtype: np.dtype[Any]
) -> tuple[dict[str, Expected], dict[str, Any]] | None:
    """`expected` with each finite value correctly rounded and what is left of the real one, or None if undecided.

    The certificate is beside it: the interval of each real value, and the bits of the balls.
    """
    bits = exact.PRECISION
    while bits <= MOST_BITS:
        balls = enclosed(case, dtype, bits)
        with exact.working_precision(bits):
            found = {name: decided(each, balls[name]) for name, each in expected.items()}
        rounded = {name: each for name, each in found.items() if each is not None}
        if len(rounded) == len(found):
            with exact.working_precision(bits):
                ends = {name: intervals(each, balls[name]) for name, each in rounded.items()}
            texts = {f"{name}.{end}": text for name, pair in ends.items() for end, text in pair.items()}
            return rounded, {"precision": bits, **texts}
        bits *= 2
    return None


def decided(expected: Expected, balls: np.ndarray) -> Expected | None:
    """`expected` with the values and remainders that the balls round to, or None where they do not decide."""
    value, remainder = np.where(np.isnan(expected.value), np.nan, expected.value), np.zeros(expected.value.shape)
    for index in np.argwhere(np.isfinite(expected.value)):
        place = tuple(index)
        near = nearest(balls[place], MODELS[expected.dtype.name])
        rest = None if near is None else nearest(balls[place] - near, MODELS["float64"])
        if near is None or rest is None:
            return None
        value[place], remainder[place] = near, rest
    return expected._replace(value=value, remainder=remainder, bound=rounded_up(expected.bound), certain=True)


def intervals(expected: Expected, balls: np.ndarray) -> dict[str, str]:
    """Both ends of the intervals in which the real values lie, as text; where there is no real value, that is said."""
    model, ends = MODELS[expected.dtype.name], [("lower", False), ("upper", True)]
    texts: dict[str, list[str]] = {name: [] for name, _ in ends}
    for value, ball in zip(expected.value.flat, balls.flat, strict=True):
        for name, up in ends:
            texts[name].append(end_of(ball, up, value, model) if nearest(ball, model) == value else str(value))
    return {name: " ".join(parts) for name, parts in texts.items()}


def end_of(ball: Any, up: bool, value: float, model: Model) -> str:
    """An end of a ball, rounded outward to as many bits as still round to the value: 0xap-3 is 10 / 8."""
    bits = model.precision + BITS_BEYOND
    whole, exponent = map(int, (ball.upper() if up else ball.lower()).man_exp())
    while True:
        more = max(whole.bit_length() - bits, 0)
        integer = -(-whole >> more) if up else whole >> more
        if nearest_to(integer, exponent + more, model) == value:
            return f"{'-' * (integer < 0)}0x{abs(integer):x}p{exponent + more}"
        bits *= 2


def rounded_up(bound: np.ndarray) -> Any:
    """The bounds in a few bits, and none smaller."""
    fraction, exponent = np.frexp(bound)
    return np.ldexp(np.ceil(np.ldexp(fraction, BOUND_BITS)), exponent - BOUND_BITS)


def vector(
    case: Case, expected: dict[str, Expected], certificate: dict[str, Any], dtype: np.dtype[Any]
) -> dict[str, Any]:
    """A case as its line has it."""
    inputs = request_of(case._replace(arguments=tuple(map(with_one_nan, case.arguments))))
    del inputs["dtype"]
    own = {name: array for name, array in arrays(case).items() if array.dtype.name in MODELS}
    inputs |= {f"{name}.dtype": array.dtype.name for name, array in own.items() if array.dtype != dtype}
    wanted: dict[str, Any] = {}
    for name, each in expected.items():
        wanted[f"{name}.shape"] = list(each.value.shape)
        wanted[name] = hexadecimal(each.value.astype(each.dtype))
        wanted[f"{name}.remainder"] = hexadecimal(each.remainder)
        wanted[f"{name}.bound"] = hexadecimal(each.bound)
        if each.dtype != dtype:
            wanted[f"{name}.dtype"] = each.dtype.name
        if np.any(np.isinf(each.value)) and oracle.may_be_nan(case, name.partition(" ")[0]):
            wanted[f"{name}.infinity_or_nan"] = True
    wanted |= {name: count_after(case, name) for name in case.formula.counts}
    return {
        "case": case.id,
        "requirement": case.requirement,
        "note": case.note,
        "flags": flags(case, list(own.values()), list(expected.values())),
        "function": case.function,
        "inputs": inputs,
        "expected": wanted,
        "certificate": certificate,
    }


def with_one_nan(value: Any) -> Any:
    """An argument whose NaN have the same bits on every machine."""
    if isinstance(value, tuple):
        return type(value)(*map(with_one_nan, value))
    if not isinstance(value, np.ndarray) or value.dtype.name not in MODELS:
        return value
    return np.where(np.isnan(value), value.dtype.type(np.nan), value)


def flags(case: Case, inputs: list[np.ndarray], expected: list[Expected]) -> list[str]:
    """What is special about a case, by its numbers."""
    numbers = [*inputs, *(each.value.astype(each.dtype) for each in expected)]
    found = {
        "random": case.name.startswith("random_"),
        "exact": not any(np.any(each.bound) for each in expected),
        "empty": any(array.size == 0 for array in numbers),
        "nan": any(np.any(np.isnan(array)) for array in numbers),
        "infinity": any(np.any(np.isinf(array)) for array in numbers),
        "subnormal": any(np.any(is_subnormal(array)) for array in numbers),
    }
    return [name for name, holds in found.items() if holds]


def is_subnormal(array: np.ndarray) -> Any:
    with np.errstate(invalid="ignore"):  # NaN of bfloat16
        return (array != 0) & (np.abs(array) < finfo(array.dtype).smallest_normal)
