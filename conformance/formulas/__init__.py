"""The formulas as the suite uses them: beside each, its chosen cases and what its declaration cannot say.

There is a module for each page, with a function ``cases(dtype, seed)`` that yields the chosen cases. The same dtype and
seed give the same cases; the chosen ones do not depend on the seed, the random ones are drawn anew from it. Where there
is more to say, ``DETAILS`` has the fields of `Formula` for a function by its name.
"""

import dataclasses
import importlib
import inspect
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ... import reference, spec
from ...names import meant, wanted
from ...reference.declaration import AXIS, Declaration, declaration_of, is_axes, parse
from ...reference.validation import no_function, refuse_function, signature_of
from ..arithmetic.rounding import finfo as finfo
from .faults import one_line_of


def no_defaults(dtype: np.dtype[Any]) -> dict[str, Any]:
    """No option has a default that depends on the dtype."""
    return {}


def nothing(_: Any) -> str:
    """A function has to take each case."""
    return ""


def none(_: Any) -> tuple[Any, ...]:
    """Nothing more: each argument and result has the axes that the signature says, and no case is its own."""
    return ()


@dataclass(frozen=True)
class Formula(Declaration):
    """A formula with its declaration, and what only the suite asks of it."""

    defaults: Callable[[np.dtype[Any]], dict[str, Any]] = no_defaults  # what a default of None means in a dtype
    may_refuse: Callable[["Case"], str] = nothing  # of a case: what a function need not take, in words
    made: Callable[[np.dtype[Any]], Iterable["Case"]] = none  # cases of its own that no file has
    half_forms: Mapping[str, Callable[..., Any]] = field(default_factory=dict)  # of half precision, which they round to
    variants: Callable[[Any], Iterable["Formula"]] = none  # it, with arguments or results of other axes
    scale: Callable[[Any, str], Any] | None = None  # of a call and a result: terms that the result is made of
    label_of: Callable[[Any, str], str] | None = None  # of a case and a result: the requirement that judges it
    over_steps: Callable[..., Any] | None = None  # what the results of a call with steps should be
    compensated: bool = False  # whether an infinite sum of its terms may be NaN, as that of Kahan's is
    donation: str = ""  # the keyword by which arguments are given away
    state_type: Callable[..., Any] | None = None  # of the argument that is a state; a tuple with names by default
    given: Mapping[str, Any] = field(default_factory=dict)  # options without which it has another signature
    rows_together: bool = False  # whether its definition takes all rows at once
    batch_letters: frozenset[str] = frozenset()  # of axes of the batch, where not every argument has all of them
    state_dtype: Callable[[np.dtype[Any]], np.dtype[Any]] = np.dtype  # of a state's arrays, by that of the others

    __hash__ = Declaration.__hash__

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """The function's results."""
        return self.function(*arguments, **options)

    @cached_property
    def state(self) -> str:
        """The name of the argument that is a state, if there is one."""
        return next((name for name, group in self.arguments.items() if not is_axes(group)), "")

    @cached_property
    def counts(self) -> tuple[str, ...]:
        """The results that are counts, such as the number of steps done."""
        if not self.state:
            return ()
        (domain,) = (each for each in self.domain if isinstance(each, tuple))
        (names,) = (each for each in self.results if isinstance(each, tuple))
        return tuple(name for name, kind in zip(names, domain, strict=True) if kind == "count")

    @cached_property
    def keywords(self) -> dict[str, Any]:
        """The keywords that say how it computes, with their defaults: neither the axis nor what is about memory."""
        arrays = {*self.arguments, AXIS, self.donation, "xp"}
        given = inspect.signature(self.function).parameters.values()
        named = [each for each in given if each.kind in (each.KEYWORD_ONLY, each.POSITIONAL_OR_KEYWORD)]
        return {each.name: each.default for each in named if each.name not in arrays}

    @cached_property
    def carried(self) -> tuple[str, ...]:
        """The arguments that the next step takes from the results of the one before."""
        return (*(name for name in self.parameters if name in self.results), self.state) if self.state else ()

    def next_arguments(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """The carried arguments of the next step, from the results of this one."""
        state = self.state_of(found)
        return {name: state if name == self.state else found[name] for name in self.carried}

    @cached_property
    def state_names(self) -> tuple[str, ...]:
        """The names of a state's parts."""
        return next(each for each in self.results if isinstance(each, tuple))

    def state_of(self, found: Mapping[str, Any]) -> Any:
        """A state from its parts by name."""
        make: Any = self.state_type or namedtuple("State", list(self.state_names))
        return make(*(found[name] for name in self.state_names))

    def returned(self, found: Mapping[str, Any]) -> Any:
        """What the function returns, from its results by name."""
        values: tuple[Any, ...] = tuple(
            found[each] if isinstance(each, str) else self.state_of(found) for each in self.results
        )
        return values[0] if len(values) == 1 else values

    def opened(self, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        """The mask of what nobody judges, or one for each result; `open` gets the options that it names."""
        if self.open is None:
            return False
        parameters = self.parameters_of_open
        every = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
        return self.open(*arguments, **{name: value for name, value in options.items() if every or name in parameters})

    @cached_property
    def parameters_of_open(self) -> Mapping[str, Any]:
        """Those of `open`, which is asked about each case."""
        return signature_of(self.open).parameters

    def is_index(self, name: str, value: Any) -> bool:
        """Whether an argument's elements are integers or a mask that choose, not numbers that are computed with."""
        if not self.domain:
            return getattr(value, "dtype", np.dtype(float)).kind in "biu" or isinstance(value, int)
        return dict(zip(self.parameters, self.domain, strict=False)).get(name) in ("index", "mask")

    @property
    def wanted(self) -> str:
        """What the function returns, in words."""
        parts = [each if isinstance(each, str) else self.state for each in self.results]
        text = f"({', '.join(parts)})" if len(parts) > 1 else "an array"
        return f"{text}, the {self.state} with {', '.join(self.state_names)}" if self.state else text

    @property
    def is_own(self) -> bool:
        """Whether it is one of gaugeblock's own."""
        return self.function is getattr(reference, self.name, None)

    @property
    def source(self) -> str:
        """Where the function of anybody's formula is, as a command names it."""
        if self.is_own:
            return ""
        file = Path(getattr(inspect.getmodule(self.function), "__file__", None) or "")
        return f"{file}:{self.name}" if file.suffix == ".py" else f"{self.function.__module__}:{self.name}"

    @property
    def page_file(self) -> Path | None:
        """The page of anybody's formula: a file beside the module of its function."""
        if self.page is None or self.is_own:
            return None
        return Path(inspect.getfile(inspect.unwrap(self.function))).parent / self.page


class Case(NamedTuple):
    """An input of a formula."""

    requirement: str  # the label on the page
    name: str
    note: str  # the mistake that it catches
    formula: Formula
    arguments: tuple[Any, ...]  # NumPy arrays, Python scalars, a state
    options: dict[str, Any]  # keywords
    exact: bool = False  # whether the result must be the exact one, not only within its bound
    steps: tuple[int, ...] = ()  # of a formula with a state: after how many steps the results are judged
    copied: bool = False  # whether the steps give the same bits when they go on from copies
    kind: str = ""  # of a made case, the kind of input
    accuracy: tuple[tuple[str, float], ...] = ()  # what the caller says of functions, in ulp
    beside: Callable[["Case", np.ndarray, Any], tuple[str, float]] | None = None  # what else is judged of its values

    @property
    def id(self) -> str:
        return f"{self.requirement}/{self.name}"

    @property
    def function(self) -> str:
        """The name of the function that is called."""
        return self.formula.name

    @property
    def donates(self) -> bool:
        """Whether arguments are given away."""
        return bool(self.options.get(self.formula.donation, False))


def case(
    function: str | Callable[..., Any],
    requirement: str,
    name: str,
    note: str,
    *arguments: Any,
    exact: bool = False,
    steps: tuple[int, ...] = (),
    copied: bool = False,
    **options: Any,
) -> Case:
    """A `Case`, with the formula's arguments as they are called."""
    return Case(requirement, name, note, declared(function), arguments, options, exact, steps, copied)


def variant(formula: Formula, signature: str, domain: tuple[str, ...], **given: Any) -> Formula:
    """A formula as it is with some options, or with arguments of another kind: with another signature."""
    return dataclasses.replace(formula, signature=parse(signature), domain=domain, given=given)


def call(function: str | Callable[..., Any], arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Case:
    """Any call of a formula, which is no case of a requirement."""
    return Case("", "", "", declared(function), arguments, dict(options))


def declared(function: str | Callable[..., Any]) -> Formula:
    """Return the formula that a function or the name of one of gaugeblock's own is.

    Parameters
    ----------
    function : str or callable
        Such as 'softmax'; a function with a declaration; or one without, of which only its arrays say how it is run.

    Raises
    ------
    ValueError
        A name that there is not.
    TypeError
        What is neither a name nor a function.
    """
    if not callable(function) and not isinstance(function, str):
        raise TypeError(f"formula: got {type(function).__name__}; wanted a function, or a name such as 'softmax'")
    return function if isinstance(function, Formula) else found_by(function, declaration_of(function))


@lru_cache(maxsize=256)
def found_by(function: str | Callable[..., Any], declaration: Declaration | None) -> Formula:
    """The same for a function that is none of these formulas yet, with the declaration that it has now."""
    if isinstance(function, str):
        name = meant(function, FUNCTIONS)
        if name not in FUNCTIONS:
            end = wanted(function, FUNCTIONS, "gaugeblock spec", ", or a function itself")
            raise ValueError(f"formula: got {function!r}{end}")
        return declared(getattr(reference, name))
    if declaration is None:
        undeclared = Formula(function, None, (), ())
        refuse_function(undeclared)
        if isinstance(function, np.ufunc):  # which knows no arrays but NumPy's
            raise no_function(function)
        return undeclared
    fields = {each.name: getattr(declaration, each.name) for each in dataclasses.fields(declaration)}
    if declaration.library:
        from .. import tracing  # which has the formulas before it

        return tracing.declared_in(Formula(**fields))
    if declaration.function is not getattr(reference, declaration.name, None):
        return Formula(**fields)
    own = importlib.import_module(f"{__name__}.{declaration.formula}")
    definition = getattr(importlib.import_module(f"{spec.__name__}.{declaration.formula}"), declaration.name)
    details = getattr(own, "DETAILS", {}).get(declaration.name, {})
    return Formula(**fields | {"cases": own.cases, "definition": definition, **details})


# The functions of gaugeblock's own formulas.
FUNCTIONS = tuple(name for name in reference.FORMULAS if declaration_of(getattr(reference, name)))


def functions_of(formula: str | Callable[..., Any]) -> list[Formula]:
    """The functions of a formula: one, or the step and the lines that a page describes together."""
    if isinstance(formula, str) and formula in spec.formulas():
        own = [declared(name) for name in FUNCTIONS]
        return [each for each in own if each.formula == formula]
    return [declared(formula)]


def function_of(formula: str | Callable[..., Any]) -> Formula:
    """The function of a formula: the one with a state, where a page has its lines too."""
    functions = functions_of(formula)
    return next((each for each in functions if each.state), functions[0])


def cases(formula: str | Callable[..., Any], dtype: np.dtype[Any], seed: int = 0) -> list[Case]:
    """Return the cases of a formula."""
    function = functions_of(formula)[0]
    if function.cases is None:
        return []
    with np.errstate(all="ignore"):  # large numbers are infinite in float16
        if function.is_own:
            return list(function.cases(dtype, seed))
        with one_line_of(f"{function.name}: cases", "cases(dtype, seed), which yields what `case` returns"):
            found = list(function.cases(dtype, seed))
    for each in found:
        if not isinstance(each, Case):
            raise ValueError(f"{function.name}: cases: got {type(each).__name__}; wanted what `case` returns")
    return found


def integers(rng: np.random.Generator, bits: int, shape: int | tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """Random integers of at most `bits` bits and both signs."""
    return rng.integers(-(2**bits) + 1, 2**bits, shape).astype(dtype)


def powers(base: float, exponents: Any) -> Any:
    """Powers in 40 bits: the last ones of float64 are not the same on every machine."""
    fraction, exponent = np.frexp(base**exponents)
    return np.ldexp(np.round(np.ldexp(fraction, 40)), exponent - 40)


def filled_rows(dtype: np.dtype[Any], *starts: list[float], rest: float) -> Any:
    """Rows of one shape, since every new shape costs a compilation where there is a compiler."""
    filled = np.full((4, 10), rest, dtype)
    for row, start in zip(filled, starts, strict=False):
        row[: len(start)] = start
    return filled


def every_number(dtype: np.dtype[Any]) -> Any:
    """Every finite number of half precision."""
    numbers = np.arange(2**16, dtype=np.uint16).view(dtype)
    return numbers[np.isfinite(numbers)]


def seeded(dtype: np.dtype[Any], seed: int, count: int) -> Iterator[tuple[str, np.random.Generator]]:
    """The random cases of a seed: their names, which print it, and their generators."""
    for i in range(count):
        yield f"random_seed_{seed}_{i}", np.random.default_rng([seed, i, dtype.itemsize])
