"""What is required of a formula: what its page says, or what every formula is asked."""

from collections.abc import Callable
from functools import lru_cache

from ... import spec
from ...reference.declaration import AXIS
from ...spec import Requirement
from . import declared

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
        return spec.read_requirements(page.read_text(encoding="utf-8"))
    found = [Requirement(f"{name}.{key}", text, False, spec.VERSION, None, None) for key, text in GENERAL.items()]
    asked = [each for each in found if AXIS in declared(formula).parameters or not each.label.endswith(f".{AXIS}")]
    return {each.label: each for each in asked}
