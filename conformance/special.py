"""Functions that formulas of neural networks need and the Array API standard lacks, for arrays of any library.

A formula that calls ``special.erf(x)`` runs on NumPy (SciPy if it is installed, else Python's `math`), on PyTorch
(``torch.special``), on JAX (``jax.scipy.special``), and on the arrays that its tolerance is derived from.

>>> import numpy as np
>>> from gaugeblock.conformance import special
>>> float(special.sigmoid(np.float64(0)))
0.5
"""

from ..reference.special import erf as erf
from ..reference.special import erfc as erfc
from ..reference.special import rsqrt as rsqrt
from ..reference.special import sigmoid as sigmoid
from ..reference.special import softplus as softplus
