"""The Gaussian error linear unit, rightly, in other ways."""

import numpy as np

from gaugeblock.conformance import special

ROOT = 0.5**0.5


def gelu__erfc(x):
    return 0.5 * x * special.erfc(-x * x.dtype.type(ROOT))


def gelu__half_last(x):
    return x * (special.erf(x * x.dtype.type(ROOT)) + 1) * x.dtype.type(0.5)


def gelu__divided_by_root_of_2(x):
    return x * (0.5 + 0.5 * special.erf(x / x.dtype.type(2**0.5)))


def gelu__distribution_in_float64(x):
    return (x * (0.5 * special.erfc(-x.astype(np.float64) * ROOT))).astype(x.dtype)
