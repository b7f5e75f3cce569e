"""What a hyper-parameter got and what it wants: numbers, counts, choices, rates, and the clip of probabilities.

They are checked where they are Python numbers; an array without axes may be traced.
"""

from typing import Any

from .arguments import DType, Namespace, describe, digits, dtype_name, shape


def number(name: str, value: Any, dtype: DType = None) -> Any:
    """A hyper-parameter: a Python float of any Python number; an array without axes as it is."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return float(value)  # numpy.float64 is a float, and would make float32 arrays float64
        except OverflowError:
            raise ValueError(f"{name}: got {describe(value)}; wanted a number that a float can hold") from None
    own = getattr(value, "dtype", None)
    if own is None or shape(value) != () or (dtype is not None and own != dtype):
        array = "" if dtype is None else f", or an array of dtype {dtype_name(dtype)} without axes"
        raise TypeError(f"{name}: got {describe(value)}; wanted a Python number{array}")
    return value


def integer(name: str, value: Any) -> Any:
    """An integer of at most 64 bits, or an array of integers without axes."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole and (shape(value) != () or "int" not in dtype_name(getattr(value, "dtype", None))):
        raise TypeError(f"{name}: got {describe(value)}; wanted an integer")
    if is_whole and not -(2**63) <= value < 2**63:
        raise ValueError(f"{name}: got {digits(value)}; wanted an integer of at most 64 bits")
    return value


def flag(name: str, value: Any) -> bool:
    """A choice: True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name}: got {describe(value)}; wanted True or False")
    return value


def beta(name: str, value: Any, dtype: DType = None) -> Any:
    """A decay rate: 0 <= beta < 1."""
    value = number(name, value, dtype)
    if isinstance(value, float) and not 0 <= value < 1:
        raise ValueError(f"{name}: got {value!r}; wanted 0 <= {name} < 1")
    return value


def epsilon(value: Any, xp: Namespace, dtype: DType) -> Any:
    """Adam's epsilon: not negative, and not a positive number that is 0 in the dtype."""
    value = number("epsilon", value, dtype)
    if isinstance(value, float) and not (value == 0 or rounded_to_zero(xp, dtype) < value < float("inf")):
        raise ValueError(
            f"epsilon: got {value!r}; wanted 0, or a finite positive number that is not 0 in {dtype_name(dtype)}"
        )
    return value


def step(value: Any, *, name: str = "step", least: int = 1) -> Any:
    """The number of a step: an integer of at least `least`, or an array without axes."""
    if not is_step(value):
        raise TypeError(f"{name}: got {describe(value)}; wanted an integer of at least {least}")
    if isinstance(value, int) and not least <= value < 2**63:
        below = "" if value < least else " and below 2**63"
        raise ValueError(f"{name}: got {digits(value)}; wanted an integer of at least {least}{below}")
    return value


def is_step(value: Any) -> bool:
    """Whether a value is an integer, or an array without axes that may be one."""
    if isinstance(value, int):
        return not isinstance(value, bool)
    if not hasattr(value, "dtype") or shape(value) != () or dtype_name(value.dtype) == "bool":
        return False
    # JAX traces a Python float as an array of a weak dtype.
    return not (getattr(value, "weak_type", False) and "float" in dtype_name(value.dtype))


def clip(value: Any, xp: Namespace, dtype: DType) -> tuple[float, float]:
    """The clip of probabilities: 0 < lo < hi <= 1, lo not 0 in the dtype."""
    wanted = f"a pair (lo, hi) of numbers with 0 < lo < hi <= 1, lo not 0 in {dtype_name(dtype)}"
    try:
        lo, hi = (number("clip", end) for end in value)
    except (TypeError, ValueError):
        raise TypeError(f"clip: got {describe(value)}; wanted {wanted}") from None
    if not rounded_to_zero(xp, dtype) < lo < hi <= 1:
        raise ValueError(f"clip: got {value!r}; wanted {wanted}")
    return lo, hi


def rounded_to_zero(xp: Namespace, dtype: DType) -> float:
    """The largest number that rounds to 0 in the dtype: half the smallest subnormal (0 where binary64 has none)."""
    info = xp.finfo(dtype)
    return float(info.smallest_normal) * float(info.eps) / 2
