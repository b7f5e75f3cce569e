"""What to write instead, where every call of a subject raises because it is called in another way than it expects."""

import inspect
import re

from ... import reference
from ..judging.common_traits import RAISED

# What Python says of a call with other arguments, and what a function of another library makes of NumPy's arrays.
OTHER_ARGUMENTS = re.compile(r"it raised TypeError: [\w.<>]+\(\) (got|missing|takes) ")
OTHER_LIBRARY = re.compile(r"numpy\.ndarray|got (Tensor|ArrayImpl); wanted a NumPy")
LIBRARY = 'the arrays are NumPy\'s; write backend = "torch" or backend = "jax" in the file for those of its library'

DECLINES = "what your code is not meant to take, let it decline: raise NotImplementedError, and it is not offered"


def advice(function: str, reason: str, every: bool) -> dict[str, str]:
    """What to write instead, by its label.

    Parameters
    ----------
    function : str
        The name that is called.
    reason : str
        Why the calls fail.
    every : bool
        Whether every call of the function does.
    """
    if OTHER_ARGUMENTS.match(reason):
        return {"wanted": signature(function)} if function in reference.FORMULAS else {}
    if OTHER_LIBRARY.search(reason):
        return {"library": LIBRARY} if every else {}
    return {"declines": DECLINES} if RAISED.match(reason) and not every else {}


def signature(function: str) -> str:
    """How a function of gaugeblock's own is called."""
    every = inspect.signature(getattr(reference, function)).parameters.values()
    shown = [each.replace(annotation=each.empty) for each in every if each.name != "xp"]
    return f"{function}{inspect.Signature(shown)}"
