"""What a random order of summation gives: a bound that assumes nothing of the roundings.

The K products of a sum are put in a random order, `calls` times, and the mean of |error| is bounded. With each rounding
at its worst, an error is at most u times the sum of the partial sums' magnitudes. Only the order is random, so that a
partial sum is a sample without replacement. docs/tolerance.md has the proof.

W. Hoeffding, Probability inequalities for sums of bounded random variables, J. Amer. Statist. Assoc. 58 (1963) 13-30,
doi:10.1080/01621459.1963.10500830, Theorems 2 and 4. E. Hallman, I. C. F. Ipsen, Precision-aware deterministic and
probabilistic error bounds for floating point summation, Numer. Math. 155 (2023) 83-119.
"""

import math
from typing import NamedTuple

import numpy as np

from .rounding import Model

# Of a whole run: the probability that right code exceeds a bound anywhere, and the elements that are judged.
FALSE_ALARM, ELEMENTS = 1e-9, 2.0**24
# What right code may lean by in the mean of a row, by definition.
LEAN = 1 / 8
STATISTICS = 64  # leans that are judged in a run


class Terms(NamedTuple):
    """The products p_1, ..., p_K of each element of a result, and what is added to their sum."""

    length: int  # K
    roundings: int  # of each product
    total: np.ndarray  # sum p
    size: np.ndarray  # sum |p|
    square: np.ndarray  # sum p^2
    largest: np.ndarray  # at least max |p|
    bias: np.ndarray  # |b|


def confidence(calls: int) -> float:
    """The lambda that the mean of some calls exceeds in no element of a run, but with the probability of an alarm."""
    return math.sqrt(2 * (math.log(2) + math.log(ELEMENTS / FALSE_ALARM) / calls))


def widest(count: int) -> float:
    """The most that a tree of additions can have of the sum, over its nodes, of sqrt(min(k, K - k)); k leaves each."""
    half = (count + 1) // 2
    return 2 * float(np.sum(np.sqrt(np.arange(1.0, half + 1)))) + math.sqrt(half)


def order_bound(terms: Terms, calls: int, model: Model, value: np.ndarray) -> np.ndarray:
    """The largest mean of |error| over so many random orders; `value` is the exact result."""
    count, u = terms.length, model.inner_unit
    mean = np.abs(terms.total) / count
    deviation = np.sqrt(np.maximum(terms.square / count - mean**2, 0) + 1e-12 * terms.square)  # with its own roundings
    at_most = confidence(calls)
    sums = mean * (count * (count + 1) / 2)
    sums = sums + at_most * (deviation * widest(count) + at_most * (terms.largest + mean) * count / 3)
    lost = (count + terms.roundings) * model.underflow
    bound = (
        u * math.exp(2 * (count + terms.roundings) * u) * (sums + terms.roundings * terms.size + count * terms.bias)
        + lost
    )
    if model.accumulator:
        bound = bound + model.unit * (np.abs(value) + bound) + model.underflow
    return np.asarray(bound * (1 + 1e-7))


def lean_limit(rows: int) -> float:
    """How far the mean lean of so many independent rows may be from 0 (Hoeffding 1963, Theorem 2)."""
    return LEAN + math.sqrt(2 * math.log(2 * STATISTICS / FALSE_ALARM) / rows)
