"""What is judged of a result beside its distance from the exact value: in words, and as a multiple of the limit."""

import math
from typing import Any

import numpy as np

from ..arithmetic import bounded, bounded_functions
from ..arithmetic.orders import lean_limit
from ..arithmetic.rounding import MODELS
from ..arithmetic.running import Expected


def lean(case: Any, values: np.ndarray, expected: Expected) -> tuple[str, float]:
    """How far the errors of a batch of rows point one way: to 0, as those of sums that are cut do, or down."""
    error = (values.astype(np.float64) - expected.value) - expected.remainder
    error = np.where(np.isfinite(error), error, 0.0).reshape(len(error), -1)
    size = np.abs(error).sum(axis=1)
    size = np.where(size > 0, size, 1.0)
    to_zero = -float(np.mean((error * np.sign(expected.value.reshape(error.shape))).sum(axis=1) / size))
    down = -float(np.mean(error.sum(axis=1) / size))
    name, most = max((("0", to_zero), ("no number", -to_zero), ("down", down), ("up", -down)), key=lambda pair: pair[1])
    way = {"0": "towards 0", "no number": "away from 0"}.get(name, name)
    limit = lean_limit(len(error))
    words = f"the errors lean {way} by {most:.2f}; those of roundings to nearest by less than {limit:.2f}"
    return f"{words}; declare rounding = 'truncates' if sums are cut", most / limit


def shares(case: Any, values: np.ndarray, expected: Expected) -> tuple[str, float]:
    """How far the shares of rows of probabilities in their sums are off: the error of a common denominator cancels."""
    values, exact, dtype = values.astype(np.float64), expected.value + expected.remainder, expected.dtype
    with np.errstate(all="ignore"):
        total = np.array([math.fsum(row) if np.all(np.isfinite(row)) else np.nan for row in values])[:, None]
        off = share_errors(case.arguments[0], dtype)
        most = np.sum(off, axis=-1, keepdims=True)
        bound = np.where(most < 1, (exact + off) / (1 - most) - exact, np.inf) + 4 * 2.0**-53 * exact
        ratio = np.abs(values - exact * total) / total / bound
    worst = float(np.max(np.where(np.isnan(ratio), np.inf, ratio)))
    words = "the probabilities, divided by their sum, are off beyond what exp and a division may be"
    return f"{words}, by {worst:.3g} times; are all divided by one sum?", worst


def share_errors(x: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """What exp of the shifted logits, and a division of each by one number, may be off by."""
    model = MODELS[dtype.name]
    lifted = bounded.lift(x, model, dtype)
    e = bounded_functions.exp(lifted - bounded_functions.max(lifted, axis=-1, keepdims=True))
    total = np.sum(e.value, axis=-1, keepdims=True)
    lost = 2 * model._replace(flush=True).underflow  # by an exp and a division, where a subject flushes
    return np.asarray((e / bounded.Bounded(total, 0, model, dtype)).error + lost)
