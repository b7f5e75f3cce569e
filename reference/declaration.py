"""The declaration of a formula: what its name alone would not say, in a line above the function.

Everything that treats formulas alike (cases, tolerances, reports, vectors, properties) asks the declaration.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from .signature import AXIS as AXIS
from .signature import BATCH as BATCH
from .signature import Axes as Axes
from .signature import Signature as Signature
from .signature import axes_in as axes_in
from .signature import is_axes as is_axes
from .signature import is_fixed as is_fixed
from .signature import leaves as leaves
from .signature import lengths_by_letter as lengths_by_letter
from .signature import letter_of as letter_of
from .signature import letters as letters
from .signature import parse as parse
from .signature import shape_of as shape_of
from .signature import times as times
from .validation import DOMAINS as DOMAINS
from .validation import is_range as is_range
from .validation import no_function, refuse_function, refuse_misfit, refuse_signature, signature_of

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Declaration:
    """What is said about a formula; `formula` describes the fields."""

    function: Callable[..., Any]
    signature: Signature | None  # None where nothing was declared
    domain: tuple[Any, ...]
    results: tuple[Any, ...]
    definition: Callable[..., Any] | None = None
    forms: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    products: bool = False
    half: str = "each"
    open: Callable[..., Any] | None = None
    cases: Callable[..., Any] | None = None
    library: str | None = None
    options: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    page: str | None = None
    since: str | None = None

    def __hash__(self) -> int:
        return hash((self.function, self.signature))

    @property
    def name(self) -> str:
        """The function's name."""
        return str(getattr(self.function, "__name__", type(self.function).__name__))

    @property
    def formula(self) -> str:
        """The name of the formula, with which the labels of its requirements begin."""
        return self.page.rpartition("/")[2].removesuffix(".md") if self.page else self.name

    @cached_property
    def python_signature(self) -> inspect.Signature:
        """The function's parameters as Python has them."""
        return signature_of(self.function)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The names of the function's parameters with their defaults, less the namespace."""
        found = self.python_signature.parameters
        return {name: parameter.default for name, parameter in found.items() if name != "xp"}

    @cached_property
    def arguments(self) -> dict[str, Axes]:
        """The axes of each argument, by its name."""
        return dict(zip(self.parameters, self.signature.arguments, strict=False)) if self.signature else {}

    @property
    def multiplied(self) -> frozenset[str]:
        """The letters of which some axis is a multiple, as ``2h`` is of h."""
        return self.signature.multiplied if self.signature else frozenset()

    @cached_property
    def hyper_parameters(self) -> frozenset[str]:
        """The parameters that are real numbers: their domain is a range, or their default is a float."""
        ranges = {name for name, domain in zip(self.parameters, self.domain, strict=False) if is_range(domain)}
        return frozenset(ranges | {name for name, default in self.parameters.items() if isinstance(default, float)})

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all results, those of a state too."""
        return tuple(name for each in self.results for name in (each if isinstance(each, tuple) else (each,)))

    def named(self, result: Any) -> dict[str, Any]:
        """Return the results by name.

        Raises
        ------
        TypeError, ValueError
            What was returned is not made of these.
        """
        return named(self.results, result)


def named(names: tuple[Any, ...], result: Any) -> dict[str, Any]:
    """Return what a function returned by the names of its results, a tuple for a state, as `Declaration.named` does."""
    if not names:  # nothing was declared
        several = isinstance(result, (tuple, list))
        return {f"y{number}": each for number, each in enumerate(result, 1)} if several else {"y": result}
    found: dict[str, Any] = {}
    for name, value in zip(names, [result] if len(names) == 1 else result, strict=True):
        if isinstance(name, str):
            found[name] = value
        elif hasattr(value, name[-1]):
            found |= {part: getattr(value, part) for part in name}
        else:
            found |= dict(zip(name, value, strict=True))
    return found


def formula(
    signature: str,
    *,
    domain: tuple[Any, ...] = (),
    results: tuple[Any, ...] = (),
    definition: Callable[..., Any] | None = None,
    forms: Mapping[str, Callable[..., Any]] | None = None,
    products: bool | None = None,
    half: str = "each",
    open: Callable[..., Any] | None = None,  # noqa: A002
    cases: Callable[..., Any] | None = None,
    library: str | None = None,
    options: Mapping[str, tuple[Any, ...]] | None = None,
    page: str | None = None,
    since: str | None = None,
) -> Callable[[F], F]:
    """Declare a function to be a formula, which gets cases, tolerances, reports and vectors from that.

    The function itself is returned, with the declaration as its attribute ``__formula__``.

    Parameters
    ----------
    signature : str
        The axes of each argument and result: ``...`` is the batch, a letter is an axis, ``n`` the one that `axis`
        moves where the function has that keyword. One that may be missing has a question mark, as in NumPy's
        ``matmul``. ``2h`` is an axis of twice the length of h, whose halves or pairs the function takes apart, and
        ``3`` one of that length, as of points. A group of groups is a state: a tuple of arrays.
    domain : tuple of str, optional
        What each argument is: real (the default), logit, weight (of a class), probability, nonnegative, index (of a
        class), mask, count (of steps), or a range such as ``"[0, 1)"`` for a hyper-parameter. A tuple for a state.
    results : tuple of str, optional
        The names of the results, a tuple for a state; by default ``y``, or ``y1``, ``y2``, ...
    definition : callable, optional
        The formula over the real numbers on one row, which shares no code with the function: the second witness.
    forms : dict of callables, optional
        Other right ways to write the formula, by name, called as it is.
    products : bool, optional
        Whether its products may be declared to be of a coarser class, such as TF32; by default where an axis of two
        real arguments is summed.
    half : {'each', 'once'}
        What is admitted in half precision: each step rounded, or only the result of a computation in float32.
    open : callable, optional
        ``open(*arguments, **options)`` gives the mask of the elements that nobody judges, for each result.
    cases : callable, optional
        ``cases(dtype, seed)`` yields chosen cases beyond the made ones.
    library : {'torch', 'jax'}, optional
        Whose arrays the function itself takes, if not those of the Array API standard.
    options : dict of tuples, optional
        For each hyper-parameter the values that the made cases combine, the default first.
    page : str, optional
        The Markdown page with its requirements, a file beside the function's module; of gaugeblock's own formulas, its
        name in ``spec``.
    since : str, optional
        The first version that has it.

    Returns
    -------
    callable
        A decorator that gives back the function.

    Raises
    ------
    ValueError, TypeError
        A signature that is none, or that does not fit the function, the domain or the names of the results.

    Examples
    --------
    >>> from gaugeblock import formula
    >>> @formula("(..., n), (n) -> (..., n)")
    ... def scaled(x, w):
    ...     return x * w
    >>> str(scaled.__formula__.signature)
    '(..., n), (n) -> (..., n)'
    """
    refuse_signature(signature)
    parsed = parse(signature)

    def declare(function: F) -> F:
        named = results or default_results(parsed)
        filled = filled_domain(parsed, domain)
        own = contracts(parsed, filled) if products is None else products
        declaration = Declaration(
            function, parsed, filled, named, definition, forms or {}, own, half, open, cases, library, options or {},
            page, since,
        )  # fmt: skip
        refuse_function(declaration)
        refuse_misfit(declaration)
        try:
            function.__formula__ = declaration  # type: ignore[attr-defined]
        except AttributeError:  # of a method, whose attributes are those of all of them
            raise no_function(function) from None
        return function

    return declare


def filled_domain(signature: Signature, domain: Any) -> Any:
    """The domain with 'real' for what nothing was said of; what is no tuple as it is."""
    if not isinstance(domain, tuple):
        return domain
    rest = signature.arguments[len(domain) :]
    return domain + tuple("real" if is_axes(group) else ("real",) * len(group) for group in rest)


def default_results(signature: Signature) -> tuple[str, ...]:
    """The names of results that were given none."""
    count = len(signature.results)
    return ("y",) if count == 1 else tuple(f"y{number}" for number in range(1, count + 1))


def contracts(signature: Signature, domain: Any) -> bool:
    """Whether an axis that two real arguments share is missing from a result, as that of a sum of products is."""
    real = [
        set(map(letter_of, axes))
        for group, kind in zip(signature.arguments, domain if isinstance(domain, tuple) else (), strict=False)
        if kind == "real"
        for axes in leaves(group)
    ]
    shared = {letter for axes in real for letter in axes if sum(letter in other for other in real) > 1}
    return any(shared - set(map(letter_of, axes)) for group in signature.results for axes in leaves(group))


def declaration_of(function: Any) -> Declaration | None:
    """The declaration of a function, if it has one of its own; a backend's functions have the reference's.

    `functools.wraps` copies a declaration to another function, of which it says nothing.
    """
    found = getattr(function, "__formula__", None)
    if not isinstance(found, Declaration):
        return None
    is_own = str(getattr(found.function, "__module__", "")).startswith(f"{__package__}.")
    return found if is_own or found.function is function else None
