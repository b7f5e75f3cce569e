"""The worst element of a requirement, in plain numbers and words: what a report keeps of a finding."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ..arithmetic.rounding import MODELS
from ..arithmetic.running import running
from ..formulas import Case
from ..formulas.axes import depends_on
from ..judging.blocks import dtype_of
from ..judging.judge import Finding
from ..judging.lock import alone
from ..judging.resolution import resolution


class Worst(NamedTuple):
    """The worst element that was found, with the inputs that it depends on."""

    case: str  # its id
    note: str  # the mistake that the case catches
    exact: bool  # whether the exact result is wanted
    made: bool  # whether it is a made case
    function: str
    source: str  # where the formula is, if it is not gaugeblock's own
    given: dict[str, str]  # dtype and shape of each argument
    inputs: dict[str, str]  # what the element depends on
    reason: str
    output: str
    place: tuple[int, ...] | None
    got: float
    expected: float
    bound: float
    ratio: float
    ulp: float
    request: str  # the line that a program is asked by
    resolution: str = ""  # of a made case that failed: what its input cannot tell

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "case": self.case,
            "note": self.note,
            "exact": self.exact,
            "made": self.made,
            "function": self.function,
            "source": self.source,
            "given": self.given,
            "arguments": self.inputs,
            "output": self.output,
            "index": None if self.place is None else list(self.place),
            "got": number(self.got),
            "got_hex": float(self.got).hex(),
            "expected": number(self.expected),
            "expected_hex": float(self.expected).hex(),
            "bound": number(self.bound),
            "ratio": number(self.ratio),
            "ulp": number(self.ulp),
            "request": self.request,
            "resolution": self.resolution,
        }


def worst_of(found: Finding, request: Callable[[Case], str]) -> Worst:
    """What is kept of a finding, with the line that a program is asked by."""
    case = found.case
    return Worst(
        case.id, case.note, case.exact, bool(case.kind), case.function, case.formula.source, given(case), inputs(found),
        found.reason, found.output, found.place, found.got, found.expected, found.bound, found.ratio, found.ulp,
        "" if found.passed else request(case), resolution_of(found),
    )  # fmt: skip


def resolution_of(found: Finding) -> str:
    """What the input of a made case cannot tell, where an element of it failed."""
    case = found.case
    if found.passed or not case.kind or found.place is None or not case.formula.products:
        return ""
    dtype = dtype_of(case)
    expected = alone(running)(case, dtype, MODELS[dtype.name], [case.formula.function])
    return resolution(case, {name: each.bound for name, each in expected.items()})


def number(value: float) -> float | str:
    """A number as JSON can hold it."""
    return value if np.isfinite(value) else str(value)


def named_parts(case: Case) -> Iterator[tuple[str, str, Any]]:
    """Yield for each argument, and each part of a state, the argument's name, its own, and its value."""
    for name, value in zip(case.formula.parameters, case.arguments, strict=False):
        for part, each in (value._asdict() if hasattr(value, "_asdict") else {"": value}).items():
            yield name, f"{name}{'.' if part else ''}{part}", each


def given(case: Case) -> dict[str, str]:
    """The dtype and the shape of each array that a case gives."""
    arrays = ((name, value) for _, name, value in named_parts(case) if isinstance(value, np.ndarray))
    return {name: f"{array.dtype} {array.shape}" for name, array in arrays}


def inputs(found: Finding) -> dict[str, str]:
    """The arguments that the worst element depends on: its own elements, or its row where the signature says so."""
    case, shown = found.case, {}
    for name, own, value in named_parts(case):
        place, text = excerpt(found, name, value)
        shown[f"{own}{place}"] = text
    return shown | {name: repr(value) for name, value in case.options.items()} | steps_of(case)


def steps_of(case: Case) -> dict[str, str]:
    """After which steps the results are judged, if there are several."""
    return {"steps": repr(case.steps)} if case.steps else {}


def excerpt(found: Finding, name: str, array: Any) -> tuple[str, str]:
    """What to show of an argument, as index and values: what the worst element depends on."""
    if not isinstance(array, np.ndarray):
        return "", repr(array)
    index = None if found.place is None else depends_on(found, name, array)
    place = "" if index is None or not index else str([":" if i == slice(None) else i for i in index]).replace("'", "")
    part = array if index is None else array[index]
    text = np.array2string(np.asarray(part), threshold=12, edgeitems=4, precision=9, separator=", ")
    return place, " ".join(text.split())
