"""Wrong ReLUs."""

import numpy as np

from . import breaks


@breaks("relu.nan", "NaN becomes 0, as where(x > 0, x, 0) gives")
def relu__where_greater(x):
    return np.where(x > 0, x, np.zeros_like(x))
