"""scipy.special.softmax and log_softmax as they come: `gaugeblock check examples/scipy_subject.py`."""

from scipy.special import log_softmax, softmax

__all__ = ["log_softmax", "softmax"]
