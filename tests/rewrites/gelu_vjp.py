"""The gradient of the Gaussian error linear unit, rightly, in other ways."""

import numpy as np

from gaugeblock.conformance import special


def gelu_vjp__erfc(x, g):
    z = -x * x.dtype.type(0.5**0.5)
    return g * (0.5 * special.erfc(z) + x * np.exp(-z * z) * x.dtype.type((2 * np.pi) ** -0.5))


def gelu_vjp__term_by_term(x, g):
    half = 0.5 * g
    density = np.exp(x * x * x.dtype.type(-0.5)) * x.dtype.type((2 / np.pi) ** 0.5)
    return half * (1 + special.erf(x * x.dtype.type(0.5**0.5))) + half * x * density
