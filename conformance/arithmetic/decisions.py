"""Conditions that rounding errors may turn: a comparison of numbers that are no further apart than their errors."""

from typing import Any, NoReturn

import numpy as np


class UndecidedError(ValueError):
    """A decision that correct arithmetic may make either way."""


class Decision:
    """Booleans, and where they are sure. Where all are, plain NumPy arrays are used instead."""

    __array_ufunc__ = None  # so that NumPy leaves the operators to this class

    def __init__(self, value: Any, sure: Any) -> None:
        self.value, self.sure = np.broadcast_arrays(value, sure)

    def __or__(self, other: Any) -> Any:
        (a, s), (b, t) = parts(self), parts(other)
        return decision(a | b, (s & t) | (s & a) | (t & b))

    def __and__(self, other: Any) -> Any:
        (a, s), (b, t) = parts(self), parts(other)
        return decision(a & b, (s & t) | (s & ~a) | (t & ~b))

    __ror__, __rand__ = __or__, __and__

    def __invert__(self) -> Any:
        return decision(~self.value, self.sure)

    def refuse(self, *_: Any, **__: Any) -> NoReturn:
        """Raise UndecidedError: only `where` takes a decision that is not sure."""
        doubtful = f"{np.count_nonzero(~self.sure)} of {self.sure.size}"
        raise UndecidedError(
            f"condition: got comparisons that rounding errors may turn ({doubtful}); wanted values further apart than "
            "their errors; use where(condition, a, b), whose bound covers both branches"
        )

    __bool__ = __array__ = __eq__ = __ne__ = any = all = refuse
    __hash__ = None  # type: ignore[assignment]


def parts(condition: Any) -> tuple[Any, Any]:
    """The booleans of a condition, and where they are sure."""
    if isinstance(condition, Decision):
        return condition.value, condition.sure
    return np.asarray(condition), np.True_


def decision(value: Any, sure: Any) -> Any:
    """A plain array where all is sure."""
    return value if np.all(sure) else Decision(value, sure)
