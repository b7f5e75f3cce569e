"""The declaration of a formula: what its name alone would not say, in a line above the function.

Everything that treats formulas alike (cases, tolerances, reports, vectors, properties) asks the declaration.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

BATCH = "..."
AXIS = "axis"  # the keyword that says where the last letter stands
TOKEN = re.compile(r"[(),]|\.\.\.|[a-z]\??")
# What an argument may be. A range, such as "[0, 1)", is that of a hyper-parameter.
DOMAINS = ("real", "logit", "weight", "probability", "nonnegative", "index", "mask", "count")
RANGE = re.compile(r"[\[(]\s*[^,\s]+\s*,\s*[^,\s]+\s*[\])]")

Axes = Any  # a tuple of letters, such as ("...", "n"); of a state: a tuple of such tuples


@dataclass(frozen=True)
class Signature:
    """The axes of each argument and of each result, as in ``(..., n), (n, m), (m) -> (..., m)``.

    ``...`` is the batch and a letter is an axis; one with a question mark may be missing, as in NumPy's ``matmul``.
    A group of groups is a state: a tuple of arrays.
    """

    text: str
    arguments: tuple[Axes, ...]
    results: tuple[Axes, ...]

    def __str__(self) -> str:
        return self.text


def parse(text: str) -> Signature:
    """Return the signature that a text means.

    Parameters
    ----------
    text : str
        Such as ``"(..., n), (n, m), (m) -> (..., m)"``.

    Raises
    ------
    ValueError
        It is no signature; the message says what is wrong.
    """
    try:
        arguments, results = (parse_side(side) for side in arrow(text))
        unknown = sorted(letters(results) - letters(arguments))
        if unknown:
            raise ValueError(f"whose result has {unknown[0]!r}, which no argument has")
    except ValueError as error:
        wanted = "wanted such as '(..., n), (n, m), (m) -> (..., m)'"
        raise ValueError(f"signature: got {text!r}, {error}; {wanted}") from None
    return Signature(text, arguments, results)


def arrow(text: str) -> list[str]:
    """Both sides of the one arrow."""
    sides = text.split("->")
    if len(sides) != 2:
        raise ValueError(f"with {len(sides) - 1} arrows")
    return sides


def parse_side(side: str) -> tuple[Axes, ...]:
    """The groups on one side of the arrow."""
    rest = TOKEN.sub("", side).strip()
    if rest:
        raise ValueError(f"with {rest[0]!r} in it")
    tokens = TOKEN.findall(side)
    found = items(tokens)
    if tokens:
        raise ValueError("with a ')' too many")
    if not found or is_axes(found):
        raise ValueError(f"with no group such as (..., n) in {side.strip()!r}")
    return found


def items(tokens: list[str]) -> tuple[Any, ...]:
    """Take items with commas between them off the tokens, up to a closing parenthesis or the end."""
    found: list[Any] = []
    while tokens and tokens[0] != ")":
        if found and tokens.pop(0) != ",":
            raise ValueError("with a comma missing")
        token = tokens.pop(0) if tokens else ""
        if token in ("", ",", ")"):
            raise ValueError("with nothing after a comma")
        found.append(token if token != "(" else items(tokens))
        if token == "(" and not (tokens and tokens.pop(0) == ")"):
            raise ValueError("with a ')' missing")
    plain = [item.rstrip("?") for item in found if isinstance(item, str)]
    if plain and (len(plain) < len(found) or BATCH in plain[1:]):
        raise ValueError(f"with the group ({', '.join(map(str, found))})")
    return tuple(found)


def is_axes(group: Axes) -> bool:
    """Whether a group is that of one array, not of a state."""
    return all(isinstance(item, str) for item in group)


def leaves(group: Axes) -> Iterator[tuple[str, ...]]:
    """The axes of each array in a group, without question marks."""
    if is_axes(group):
        yield tuple(letter.rstrip("?") for letter in group)
    else:
        for item in group:
            yield from leaves(item)


def letters(some: Iterable[Axes]) -> set[str]:
    """The letters of some groups, the batch among them."""
    return {letter for group in some for axes in leaves(group) for letter in axes}


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
    def parameters(self) -> dict[str, Any]:
        """The names of the function's parameters with their defaults, less the namespace."""
        found = inspect.signature(self.function).parameters
        return {name: parameter.default for name, parameter in found.items() if name != "xp"}

    @cached_property
    def arguments(self) -> dict[str, Axes]:
        """The axes of each argument, by its name."""
        return dict(zip(self.parameters, self.signature.arguments, strict=False)) if self.signature else {}

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
        if not self.results:  # nothing was declared
            several = isinstance(result, (tuple, list))
            return {f"y{number}": each for number, each in enumerate(result, 1)} if several else {"y": result}
        if len(self.results) == 1 and isinstance(self.results[0], str):
            return {self.results[0]: result}
        found: dict[str, Any] = {}
        for name, value in zip(self.results, result, strict=True):
            if isinstance(name, str):
                found[name] = value
            elif hasattr(value, name[-1]):
                found |= {part: getattr(value, part) for part in name}
            else:
                found |= dict(zip(name, value, strict=True))
        return found


def is_range(domain: Any) -> bool:
    """Whether a domain is the range of a hyper-parameter."""
    return isinstance(domain, str) and domain not in DOMAINS


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
        ``matmul``. A group of groups is a state: a tuple of arrays.
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
        The Markdown page with its requirements: a file beside the function's module.
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
    parsed = parse(signature)

    def declare(function: F) -> F:
        named = results or default_results(parsed)
        filled = domain + ("real",) * (len(parsed.arguments) - len(domain))
        own = contracts(parsed, filled) if products is None else products
        declaration = Declaration(
            function, parsed, filled, named, definition, forms or {}, own, half, open, cases, library, options or {},
            page, since,
        )  # fmt: skip
        check(declaration)
        function.__formula__ = declaration  # type: ignore[attr-defined]
        return function

    return declare


def default_results(signature: Signature) -> tuple[str, ...]:
    """The names of results that were given none."""
    count = len(signature.results)
    return ("y",) if count == 1 else tuple(f"y{number}" for number in range(1, count + 1))


def contracts(signature: Signature, domain: tuple[Any, ...]) -> bool:
    """Whether an axis that two real arguments share is missing from a result, as that of a sum of products is."""
    real = [
        set(axes)
        for group, kind in zip(signature.arguments, domain, strict=False)
        if kind == "real"
        for axes in leaves(group)
    ]
    shared = {letter for axes in real for letter in axes if sum(letter in other for other in real) > 1}
    return any(shared - set(axes) for group in signature.results for axes in leaves(group))


def check(declaration: Declaration) -> None:
    """Raise ValueError for a declaration that does not fit its function or itself."""
    name, signature = declaration.name, declaration.signature
    assert signature is not None
    positional = [
        parameter
        for parameter in inspect.signature(declaration.function).parameters.values()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    required = [parameter for parameter in positional if parameter.default is parameter.empty]
    if not len(required) <= len(signature.arguments) <= len(positional):
        wanted = f"{len(required)} groups before the arrow, one for each argument"
        raise ValueError(f"{name}: signature: got {signature.text!r}; wanted {wanted}")
    if len(declaration.domain) != len(signature.arguments):
        got, count = len(declaration.domain), len(signature.arguments)
        raise ValueError(f"{name}: domain: got {got}; wanted {count}, one for each argument")
    for kind in (part for each in declaration.domain for part in (each if isinstance(each, tuple) else (each,))):
        if kind not in DOMAINS and not (isinstance(kind, str) and RANGE.fullmatch(kind)):
            raise ValueError(f"{name}: domain: got {kind!r}; wanted {', '.join(DOMAINS)}, or a range such as '[0, 1)'")
    if len(declaration.results) != len(signature.results):
        got, count = len(declaration.results), len(signature.results)
        raise ValueError(f"{name}: results: got {got} names; wanted {count}, one for each group after the arrow")
    if declaration.half not in ("each", "once"):
        raise ValueError(f"{name}: half: got {declaration.half!r}; wanted 'each' or 'once'")
    for option in declaration.options:
        if option not in declaration.parameters:
            raise ValueError(f"{name}: options: got {option!r}; wanted one of {', '.join(declaration.parameters)}")


def declaration_of(function: Any) -> Declaration | None:
    """The declaration of a function, if it has one."""
    found = getattr(function, "__formula__", None)
    return found if isinstance(found, Declaration) else None
