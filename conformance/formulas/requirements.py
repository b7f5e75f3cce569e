"""What is required of a formula: what its page says, or what every formula is asked."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from ... import spec
from ...reference.declaration import AXIS
from ...spec import Requirement
from . import Formula, declared

# Of a formula without a page, by the second part of the label.
GENERAL = {
    "value": "each element is within its bound of the exact value.",
    "dtype": "the result has the dtype that the formula gives.",
    "shape": "the result has the shape that the formula gives.",
    "batch": "the result of a row does not depend on the shape of the batch, but for rounding.",
    AXIS: "`axis` names the axis, from either end.",
    "empty": "an empty batch gives an empty result.",
    "nan": "NaN comes out where the formula gives NaN, and nowhere else.",
    "infinity": "infinite numbers come out where the formula gives them, and nowhere else.",
    "subnormal": "subnormal numbers are numbers, unless the subject declares that they count as 0.",
    "layout": "the memory layout of the arguments does not matter.",
    "pure": "no argument is changed, no result shares memory with one, and no call depends on an earlier one.",
}


# What is judged of every result, whatever a page says.
ALWAYS = "value", "dtype", "shape", "pure"


def name_of(formula: str | Callable[..., object]) -> str:
    """The name of a formula, with which the labels of its requirements begin."""
    return formula if isinstance(formula, str) and formula in spec.formulas() else declared(formula).formula


@lru_cache(maxsize=256)
def requirements(formula: str | Callable[..., object], version: str = spec.VERSION) -> dict[str, Requirement]:
    """The requirements of a formula by label: those of its page that a version has, or those of every formula."""
    name = name_of(formula)
    if formula == name or declared(formula).is_own:
        return spec.requirements(name, version)
    page = declared(formula).page_file
    if page is not None:
        return always(declared(formula)) | on_page(page, name)
    asked = [key for key in GENERAL if key != AXIS or AXIS in declared(formula).parameters]
    return {f"{name}.{key}": general(f"{name}.{key}", GENERAL[key]) for key in asked} | always(declared(formula))


def on_page(page: Path, name: str) -> dict[str, Requirement]:
    """The requirements on the page of anybody's formula; ValueError for a page that is not there, or is of another."""
    try:
        found = spec.read_requirements(page.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        what = getattr(error, "strerror", None) or "is no text in UTF-8"
        raise ValueError(f"{name}: page: {page} cannot be read: {what}") from None
    for label in found:
        if label.partition(".")[0] != name:
            raise ValueError(f"{name}: page: got the requirement {label} in {page}; wanted labels such as {name}.value")
    return found


def always(formula: Formula) -> dict[str, Requirement]:
    """What is judged of every result: that of a page has the page's words. A count is one more after each call."""
    name = formula.formula
    texts = {key: GENERAL[key] for key in ALWAYS}
    texts |= {count: f"`{count}` is one more after each call." for count in formula.counts}
    return {f"{name}.{key}": general(f"{name}.{key}", text) for key, text in texts.items()}


def general(label: str, text: str) -> Requirement:
    """A requirement of every formula."""
    return Requirement(label, text, False, spec.VERSION, None, None)
