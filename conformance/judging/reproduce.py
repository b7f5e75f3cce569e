"""One call of a subject, as the judge makes it."""

import functools
from collections.abc import Callable
from itertools import chain
from typing import Any

import numpy as np

from ... import spec
from ...names import did_you_mean
from ...worker.calls import converted
from ..formulas import Case, cases, functions_of
from .judge import calls
from .made_expectations import made_cases
from .selection import chosen_formulas, known
from .subject import Subject
from .twins import twins


def reproduce(
    subject: Any,
    case: str,
    dtype: str,
    seed: int = 0,
    device: str | None = None,
    formula: str | Callable[..., Any] | None = None,
) -> tuple[Any, list[Any], Case]:
    """Return what the judge calls on a case, to be called again.

    Parameters
    ----------
    subject, device
        As in `check`.
    case : str
        The id of the case in a report: 'softmax.axis/default', or with a memory layout or variant at its end.
    dtype : str
    seed : int
        Of the random cases.
    formula : str or callable, optional
        One that is not gaugeblock's own, as in `check`.

    Returns
    -------
    function : callable
        The subject's, under the library's settings for that dtype.
    arguments : list
        New arrays of the subject's library, in the layout of the case.
    case : Case
        With the arguments as NumPy arrays, and the options.

    Raises
    ------
    SubjectError
        As in `check`.
    ValueError
        A case that there is not.
    """
    known("dtype", dtype, spec.dtypes(spec.VERSION))
    formulas = chosen_formulas(case.partition(".")[0] if formula is None else formula, spec.VERSION)
    loaded = Subject(subject, device, [each.name for some in formulas for each in functions_of(some)])
    kind, ids = np.dtype(dtype), list[str]()
    for each in formulas:
        made = (one for one, _ in made_cases(each, dtype, seed, loaded.subnormals, loaded.numerics))
        for chosen in chain(cases(each, kind, seed), twins(each, kind, seed), made):
            ids.append(chosen.id)
            if not case.startswith(chosen.id):
                continue
            for named, function, change in calls(loaded, chosen):
                if named.id == case:
                    with loaded.settings(dtype):
                        _, arguments = converted(loaded.backend, named, change)
                    return under_settings(function, loaded, dtype), arguments, named
    near = did_you_mean(case, ids)
    raise ValueError(f"case: got {case!r}; wanted the id of a case that {loaded.name} is judged by{near}")


def under_settings(function: Any, subject: Subject, dtype: str) -> Any:
    """The function, run under the settings of the subject's library."""

    @functools.wraps(function)
    def run(*arguments: Any, **options: Any) -> Any:
        with subject.settings(dtype):
            return function(*arguments, **options)

    return run
