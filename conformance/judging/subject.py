"""What is judged: an object that has some of the formulas by name."""

import contextlib
import copy
from collections.abc import Iterable, Iterator
from typing import Any

from ... import backends, reference
from ..arithmetic.rounding import HALF, MODELS, PRECISIONS, ROUNDINGS, TRUNCATING
from .loading import SubjectError, load


class Subject:
    """A subject, with the backend whose arrays it takes.

    Parameters
    ----------
    given : str or object
        A backend's name, the path of a Python file, ``package.module:object``, or the object itself.
    device : str, optional
        The device on which it is judged.
    functions : iterable of str
        The names of the functions of which it has to have one.

    Raises
    ------
    SubjectError
        It is not there, does not load, has no formula, or declares what there is not.
    """

    def __init__(self, given: Any, device: str | None = None, functions: Iterable[str] = reference.FORMULAS) -> None:
        self.object = load(given) if isinstance(given, str) else given
        self.name = given if isinstance(given, str) else getattr(given, "__name__", type(given).__name__)
        is_backend = hasattr(self.object, "to_numpy")
        declared = self.object.name if is_backend else getattr(self.object, "backend", "numpy")
        self.device = device or getattr(self.object, "device", None)
        try:
            self.backend = backends.load(declared, device=self.device)
        except (ImportError, ValueError) as error:
            raise SubjectError(f"{self.name}: {error}") from None
        dtypes = getattr(self.object, "dtypes", self.backend.dtypes)
        if not isinstance(dtypes, str | list | tuple):
            got = type(dtypes).__name__
            raise SubjectError(f"{self.name}: dtypes: got {got}; wanted some of {', '.join(MODELS)}")
        self.dtypes = (dtypes,) if isinstance(dtypes, str) else tuple(dtypes)
        # Half precision is judged where a subject declares it, or where it is asked for.
        declared = hasattr(self.object, "dtypes") and not is_backend
        self.usual_dtypes = self.dtypes if declared else tuple(d for d in self.dtypes if d not in HALF)
        self.subnormals = getattr(self.object, "subnormals", self.backend.subnormals)
        for dtype in self.dtypes:
            if dtype not in MODELS:
                raise SubjectError(f"{self.name}: dtypes: got {dtype!r}; wanted some of {', '.join(MODELS)}")
        if self.subnormals not in ("gradual", "flush"):
            raise SubjectError(f"{self.name}: subnormals: got {self.subnormals!r}; wanted 'gradual' or 'flush'")
        # A subject whose processes wait for one another cannot be called from several threads.
        self.threads = bool(getattr(self.object, "threads", True))
        self.layouts = getattr(self.object, "layouts", self.backend.layouts)
        self.precision = getattr(self.object, "precision", "full")
        if self.precision not in PRECISIONS:
            raise SubjectError(f"{self.name}: precision: got {self.precision!r}; wanted one of {', '.join(PRECISIONS)}")
        self.rounding = getattr(self.object, "rounding", "nearest")
        if self.rounding not in ROUNDINGS:
            raise SubjectError(f"{self.name}: rounding: got {self.rounding!r}; wanted 'nearest' or 'truncates'")
        names = tuple(functions)
        if not any(self.functions(name) for name in names):
            wanted = ", ".join(names) if len(names) < 4 else "softmax, dense, ..."
            raise SubjectError(f"{self.name}: it has none of the formulas; wanted a function named {wanted}")

    @contextlib.contextmanager
    def settings(self, dtype: str) -> Iterator[None]:
        """The settings in which it is judged; the precision of products is set for a backend's formulas alone."""
        with self.backend.settings(dtype), getattr(self.object, "full_precision", contextlib.nullcontext)():
            yield

    @property
    def numerics(self) -> str:
        """What it declares of its products and sums: a class, and whether they are cut."""
        return self.precision + (TRUNCATING if self.rounding == "truncates" else "")

    def declaring(self, precision: str, rounding: str = "nearest") -> "Subject":
        """The same subject, as if it declared this precision and rounding."""
        other = copy.copy(self)
        other.precision, other.rounding = precision, rounding
        return other

    def functions(self, name: str) -> dict[str, Any]:
        """The subject's function of that name, and its variants, by the suffix that their cases get."""
        variants = {"": self.object} | {f"_{key}": value for key, value in getattr(self.object, "variants", {}).items()}
        found = {suffix: getattr(namespace, name, None) for suffix, namespace in variants.items()}
        return {suffix: function for suffix, function in found.items() if callable(function)}
