"""What an input cannot tell: how coarse the factors of its products may be before an error exceeds a bound.

A factor that is rounded to p bits is off by 2^-p times a number whose mean square is 3/4 / (2 ln 2) / 3 where the
significand is log-uniform. The errors of a sum's products are independent, and the largest of N is about sqrt(2 ln N)
standard deviations.
"""

import math
from collections.abc import Mapping

import numpy as np

from ..cases.batches import with_one_batch
from ..cases.behaviour import letters_of
from ..cases.sums import products_along, terms_of
from ..formulas import Case

MEAN_SQUARE = 0.75 / (2 * math.log(2)) / 3
# The bits of coarse factors that a kernel may take for those of a dtype.
FACTORS = {"float32": {"tf32": 11, "float16": 11, "bf16": 8}, "float64": {"float32": 24, "tf32": 11}}


def resolution(call: Case, bounds: Mapping[str, np.ndarray]) -> str:
    """In words, the resolution of a call whose results have these bounds."""
    return in_words(call, resolved_bits(call, bounds))


def in_words(call: Case, bits: float) -> str:
    """A resolution of so many bits in words: '' where the call sums no products."""
    dtypes = formats(call)
    if not math.isfinite(bits):
        return ""
    coarse = [name for name, kept in FACTORS[dtypes.pop()].items() if kept >= bits]
    names = " and ".join(filter(None, [", ".join(coarse[:-1]), *coarse[-1:]]))
    passing = f": this input would probably let {names} factors pass; assert_gauged tells"
    return f"resolution {bits:.1f} bits{passing if coarse else ''}"


def width_in_words(call: Case, share: float) -> str:
    """What would pass that is no rounding error, where bounds admit this share of the largest result; '' if nothing."""
    dtypes = formats(call)
    if not dtypes or not 0 < share < math.inf:
        return ""
    coarse = [name for name, kept in FACTORS[dtypes.pop()].items() if 2.0**-kept <= share]
    passing = f"the bound admits errors of {share:.2g} of the largest result, as large as those of {', '.join(coarse)}"
    return f"{passing}: judge shorter sums too" if coarse else ""


def resolved_bits(call: Case, bounds: Mapping[str, np.ndarray]) -> float:
    """The bits of the coarsest factors that would probably pass."""
    formula, bits = call.formula, -math.inf
    if (
        not formats(call)
        or formula.signature is None
        or call.options
        or not all(isinstance(each, np.ndarray) for each in call.arguments)
    ):
        return bits
    try:
        one = with_one_batch(formula, list(call.arguments))
    except ValueError:  # a sum of one term
        return bits
    formula = one.formula
    for letter in letters_of(formula):
        for name, products in products_along(formula, letter).items():
            if name not in bounds or products.roundings == 0:
                continue
            with np.errstate(all="ignore"):
                square = terms_of(formula, one.arrays, letter, name, 1).square
                likely = np.sqrt(MEAN_SQUARE * sum(products.degrees) * square * 2 * math.log(max(square.size, 2)))
                ratio = likely / one.layout(name, bounds[name].shape).with_one_batch(bounds[name])
            most = float(np.max(ratio[np.isfinite(ratio)], initial=0.0))
            bits = max(bits, math.log2(most)) if most else bits
    return bits


def formats(call: Case) -> set[str]:
    """The formats of its arrays for whose factors coarser ones may be taken."""
    return {each.dtype.name for each in call.arguments if isinstance(each, np.ndarray)} & {*FACTORS}
