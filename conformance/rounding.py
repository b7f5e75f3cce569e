"""The standard model of rounding: what one operation of floating-point arithmetic may be off by.

Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., chapters 2 and 3.
"""

import math
from typing import NamedTuple


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

    @property
    def unit(self) -> float:
        """The unit roundoff u."""
        return 2.0**-self.precision

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
    def underflow(self) -> float:
        """What a product or quotient may lose by underflow, in addition to its rounding."""
        return self.smallest_normal if self.flush else self.smallest_subnormal

    @property
    def flushed(self) -> float:
        """What any other operation may lose: nothing, unless subnormal results are flushed."""
        return self.smallest_normal if self.flush else 0.0

    def gamma(self, roundings: int) -> float:
        """(1 - u)^-k - 1: what k roundings do to a number, relatively; exact for every k."""
        return math.expm1(-roundings * math.log1p(-self.unit))


MODELS = {
    "float32": Model(24, -126, exp=3, log=4, sqrt=1, expm1=2),
    "float64": Model(53, -1022, exp=2, log=1, sqrt=1, expm1=2),
}

# The numerics classes of products in float32, tightest first, with the relative error of each factor: cut, not only
# rounded, to bfloat16's 8 bits or TF32's 11. bf16x3 makes two bfloat16 of each factor and leaves out the product of
# the lower ones, 3 * 2^-14 of the product.
PRECISIONS = {"full": 0.0, "bf16x3": 1.5 * 2.0**-14, "tf32": 2.0**-10, "bf16": 2.0**-7}

# Python numbers, with the functions of the C library.
HOST = Model(53, -1022, exp=1, log=1, sqrt=0.5, expm1=1, division=1)
