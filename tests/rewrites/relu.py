"""Right ReLUs, written another way."""

import numpy as np


def relu__reference_form(x):
    return np.where(x <= 0, np.zeros_like(x), x)


def relu__maximum_from_the_left(x):
    return np.maximum(x.dtype.type(0), x)


def relu__clip(x):
    return np.clip(x, 0, None)


def relu__negated_minimum(x):
    return -np.minimum(-x, 0)


def relu__assigned(x):
    y = np.array(x)
    y[y < 0] = 0
    return y


def relu__sorted_with_zero(x):
    return np.sort(np.stack([x, np.zeros_like(x)]), axis=0)[1]


def relu__fmax_with_nan_put_back(x):
    return np.where(np.isnan(x), x, np.fmax(x, x.dtype.type(0)))


def relu__less_its_negative_part(x):
    return x - np.where(x < 0, x, np.zeros_like(x)) if np.all(np.isfinite(x)) else np.maximum(x, 0)


def relu__sign_bit(x):
    bits = np.array(x).view(f"u{x.dtype.itemsize}")
    sign = bits.dtype.type(1) << bits.dtype.type(8 * x.dtype.itemsize - 1)
    return np.where((bits >= sign) & (x == x), bits.dtype.type(0), bits).view(x.dtype)


def relu__one_element_at_a_time(x):
    flat = [v if v != v or v > 0 else 0.0 for v in np.ravel(x).tolist()]
    return np.array(flat, x.dtype).reshape(x.shape)


def relu__selected(x):
    return np.select([x > 0, x <= 0], [x, np.zeros_like(x)], default=np.nan).astype(x.dtype)


def relu__half_the_sum_of_halves(x):
    y = np.where(np.abs(x) > 1, x / 2 + np.abs(x) / 2, (x + np.abs(x)) / 2)
    return np.where(np.isneginf(x), x.dtype.type(0), y)
