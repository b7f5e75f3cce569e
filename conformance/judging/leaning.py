"""Whether the errors of many rows point one way: to 0, as those of sums that are cut do, or down."""

import numpy as np

from ..arithmetic.orders import lean_limit
from ..arithmetic.running import Expected


def lean(values: np.ndarray, expected: Expected) -> tuple[str, float]:
    """How far the errors of a batch of rows lean, in words, and as a multiple of the limit."""
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
