"""scipy.special as it comes; `scipy_special.py:along_last_axis` gives it the axis that it does not default to."""

from types import SimpleNamespace

from scipy import special

softmax = special.softmax
log_softmax = special.log_softmax

along_last_axis = SimpleNamespace(
    softmax=lambda x, *, axis=-1: special.softmax(x, axis=axis),
    log_softmax=lambda x, *, axis=-1: special.log_softmax(x, axis=axis),
)
