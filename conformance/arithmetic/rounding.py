"""The standard model of rounding: what one operation of floating-point arithmetic may be off by.

Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., chapters 2 and 3.
"""

import functools
import math
import re
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

finfo: Any = ml_dtypes.finfo  # numpy's knows no bfloat16; and np.dtype("bfloat16") exists once this is imported


class Model(NamedTuple):
    """An arithmetic: its format, and the accuracy in ulp that the specification states for its functions."""

    precision: int
    exponent: int  # of the smallest normal number
    exp: float
    log: float
    sqrt: float
    expm1: float
    division: int = 2  # roundings: some compilers multiply by the reciprocal
    flush: bool = False  # whether subnormal numbers count as 0
    factor: float = 0.0  # what each factor of a product may be off by, relatively, before it is multiplied
    accumulator: int = 0  # precision of sums and of functions' insides, where it is wider than the format's
    truncates: bool = False  # whether additions and multiplications are cut, not rounded to nearest
    kept: int = 0  # where sums of products are made by a unit: the bits to which it cuts the terms that it adds at once
    block: int = 0  # and how many products these are
    brought: tuple[tuple[str, float], ...] = ()  # the accuracies in ulp that a user brings, by the function's name
    tells_exact: bool = False  # whether results that no arithmetic rounds are told from others, which steps decide by

    @property
    def unit(self) -> float:
        """The unit roundoff u."""
        return 2.0**-self.precision

    @property
    def inner_unit(self) -> float:
        """The unit roundoff of sums, and of the insides of functions."""
        return 2.0 ** -max(self.precision, self.accumulator)

    @property
    def flushes(self) -> bool:
        """Whether subnormal results become 0: not float16's, which are normal numbers in float32."""
        return self.flush and self.precision != 11

    @property
    def smallest_normal(self) -> float:
        return 2.0**self.exponent

    @property
    def smallest_subnormal(self) -> float:
        return 2.0 ** (self.exponent - self.precision + 1)

    @property
    def largest(self) -> float:
        return (2 - 2 * self.unit) * 2.0 ** (1 - self.exponent)

    @property
    def overflow(self) -> float:
        """What is rounded to infinity, from here on."""
        return (2 - self.unit) * 2.0 ** (1 - self.exponent)

    @property
    def largest_sum(self) -> float:
        """The largest number that a sum may pass through: float32's, where the accumulator is wider than the format."""
        return (2 - 2.0 ** (1 - self.accumulator)) * 2.0**127 if self.accumulator else self.largest

    @property
    def underflow(self) -> float:
        """What a product or quotient may lose by underflow, in addition to its rounding."""
        return self.smallest_normal if self.flushes else self.smallest_subnormal

    @property
    def flushed(self) -> float:
        """What any other operation may lose: nothing, unless subnormal results are flushed."""
        return self.smallest_normal if self.flushes else 0.0

    def gamma(self, roundings: int) -> float:
        """(1 - u)^-k - 1: what k roundings do to a number, relatively; exact for every k. A cut is off by 2 u."""
        return math.expm1(-roundings * math.log1p(-self.unit * (1 + self.truncates)))

    def gamma_of_sum(self, additions: Any) -> Any:
        """What the additions of a sum do, before its result is rounded to the format."""
        return np.expm1(-additions * math.log1p(-self.inner_unit * (1 + self.truncates)))

    def gamma_of_products(self, terms: Any, length: int) -> Any:
        """What the additions of `terms` products do that are other than 0, of `length` that are summed.

        A unit adds a block of exact products and the sum so far at once. Each of these but the largest is cut at the
        last of the kept bits of the largest, and the result is cut to float32. So a block costs a cut for each
        of its products that is not 0, and one for its result.
        """
        if not self.block:
            return self.gamma_of_sum(terms)
        blocks = np.minimum(terms, -(-length // self.block))
        return np.expm1(-terms * math.log1p(-(2.0 ** (1 - self.kept))) - blocks * math.log1p(-(2.0**-23)))

    def accuracy(self, name: str, usual: float | None = None) -> float:
        """The accuracy of a function in ulp: what a user brings, or what is usual."""
        return dict(self.brought).get(name, getattr(self, name) if usual is None else usual)

    def like(self, other: "Model") -> "Model":
        """This format, with what else is said of another arithmetic."""
        return self._replace(**{name: getattr(other, name) for name in DECLARED})


# In half precision sums are accumulated in float32, and functions are computed there and rounded.
MODELS = {
    "float16": Model(11, -14, exp=1, log=1, sqrt=1, expm1=1, accumulator=24),
    "bfloat16": Model(8, -126, exp=1, log=1, sqrt=1, expm1=1, accumulator=24),
    "float32": Model(24, -126, exp=3, log=4, sqrt=1, expm1=2),
    "float64": Model(53, -1022, exp=2, log=1, sqrt=1, expm1=2),
}

# In ulp: XLA's expm1 is off by up to 2.1, 6.2 and 3.6, which the specification's own formulas do not admit.
OF_ANYBODY = {"float16": (("expm1", 3),), "float32": (("expm1", 7),), "float64": (("expm1", 4),)}

HALF = ("float16", "bfloat16")

# The numerics classes of products in float32, tightest first, with the relative error of each factor: cut, not only
# rounded, to bfloat16's 8 bits or TF32's 11. bf16x3 makes two bfloat16 of each factor and leaves out the product of
# the lower ones, 3 * 2^-14 of the product.
PRECISIONS = {"full": 0.0, "bf16x3": 1.5 * 2.0**-14, "tf32": 2.0**-10, "bf16": 2.0**-7}

# How additions and multiplications round, and what a subject's numerics are called that declares to truncate.
ROUNDINGS = "nearest", "truncates"
TRUNCATING = " truncating"

# What is said of an arithmetic, beside its format.
DECLARED = "flush", "factor", "truncates", "kept", "block", "brought", "tells_exact"
UNIT = re.compile(
    r"(?P<name>\w+)(?: cut to (?P<kept>\d+) bits in blocks of (?P<block>\d+))?(?P<truncates> truncating)?"
)
LEAST_KEPT, MOST_KEPT = 24, 53
AN_EXAMPLE = "'tf32 cut to 26 bits in blocks of 8'"

# Python numbers, with the functions of the C library.
HOST = Model(53, -1022, exp=1, log=1, sqrt=0.5, expm1=1, division=1)


@functools.lru_cache
def stricter(a: Model, b: Model) -> Model:
    """The arithmetic of two arrays: a constant knows neither the device nor its classes of products."""
    if a is b:
        return a
    wider = a if a.precision >= b.precision else b
    return wider._replace(**{name: max(getattr(a, name), getattr(b, name)) for name in DECLARED})


class Numerics(NamedTuple):
    """What a subject says of the products and sums that its formulas make, in words and in numbers."""

    name: str  # of the class of its factors
    kept: int = 0
    block: int = 0
    truncates: bool = False

    @property
    def is_full(self) -> bool:
        """Whether no factor is rounded: sums of integers stay exact, though they may be cut."""
        return self.name == "full"

    def in_dtype(self, dtype: np.dtype[Any], has_classes: bool) -> dict[str, Any]:
        """What it changes in the model of a dtype; units of float32 sums have no part in float64."""
        unit = {"kept": self.kept, "block": self.block} if dtype.itemsize < 8 else {}
        factor = PRECISIONS[self.name] if has_classes and dtype == np.float32 else 0.0
        return {"factor": factor, "truncates": self.truncates, **unit}


def numerics(words: str) -> Numerics:
    """Return what a declaration says, such as 'tf32', or 'full cut to 24 bits in blocks of 4 truncating'.

    Raises
    ------
    ValueError
        There is no such class, or no such unit.
    """
    found = UNIT.fullmatch(words)
    kept, block = (int(found[name] or 0) for name in ("kept", "block")) if found else (0, 0)
    unit = not found or not found["kept"] or (LEAST_KEPT <= kept <= MOST_KEPT and block > 0)
    if not found or found["name"] not in PRECISIONS or not unit:
        raise ValueError(f"wanted one of {', '.join(PRECISIONS)}, or such as {AN_EXAMPLE}")
    return Numerics(found["name"], kept, block, bool(found["truncates"]))


def scattered(words: str) -> str:
    """The numerics where each term may be in a block of its own, as when neutral ones stand between them."""
    return re.sub(r"(?<=blocks of )\d+", "1", words)


def promoted(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype that holds the numbers of both; no library has one for the two of half precision."""
    return a if a.itemsize >= b.itemsize else b


def at_least_float32(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype in which arrays of `dtype` are computed."""
    return dtype if dtype.itemsize >= 4 else np.dtype("float32")


def isdtype(dtype: np.dtype[Any], kind: str | tuple[str, ...]) -> bool:
    """``numpy.isdtype``, which does not know bfloat16."""
    return "real floating" in kind if dtype.name == "bfloat16" else np.isdtype(dtype, kind)


def nearest(ball: Any, model: Model) -> float | None:
    """The number of a format that all of a ball rounds to, ties to even; None where its ends round to different ones.

    It is decided from the ball at once, never by way of another format. Every zero is +0.
    """
    if not ball.is_finite():
        return None
    ends = ball.lower().man_exp(), ball.upper().man_exp()
    low, high = (nearest_to(int(integer), int(exponent), model) for integer, exponent in ends)
    return low if low == high else None


def nearest_to(integer: int, exponent: int, model: Model) -> float:
    """The number of a format that is nearest to an integer times a power of two."""
    length = integer.bit_length() + exponent
    last = max(length, model.exponent + 1) - model.precision  # the exponent of the last place
    if length < last:  # below half of it
        return 0.0
    if exponent < last:
        integer, rest = divmod(integer, 1 << last - exponent)
        twice, whole = 2 * rest, 1 << last - exponent
        integer, exponent = integer + (twice > whole or (twice == whole and integer % 2 == 1)), last
    if integer.bit_length() + exponent > 2 - model.exponent:
        return math.copysign(math.inf, integer)
    return math.ldexp(integer, exponent)
