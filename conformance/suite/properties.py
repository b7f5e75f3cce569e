"""Properties: what must hold for all inputs, on inputs that Hypothesis draws, and shrinks where one fails.

They come on top of the chosen cases. Each compares results of a subject with each other, or with the expected value,
within the derived bounds of these very inputs. Draws are deterministic, and of few shapes, as each one costs a
compilation. Every formula has the general ones here; those of one formula alone stand beside it, in
``formulas/<formula>_properties.py``.
"""

import importlib
import importlib.util
import re
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import hypothesis
import numpy as np
from hypothesis import strategies as st

from ... import spec
from ...reference.declaration import AXIS, BATCH
from ...worker.calls import BrokenResultError
from .. import formulas
from ..arithmetic.running import Expected
from ..formulas import Formula, function_of
from ..formulas import call as formula_call
from ..formulas.axes import result_axes
from ..formulas.requirements import requirements
from ..judging import oracle, tolerance
from ..judging.judge import answer
from ..judging.made_expectations import plain_run
from ..judging.selection import AnySubject
from .drawing import Call, Inputs, Property, Result, demand, drawn, inputs_of

SETTINGS = hypothesis.settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=50,
    print_blob=True,
    report_multiple_bugs=False,
    phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)

DTYPES = ("float32", "float64")  # Hypothesis draws no bfloat16, and float16 has its chosen cases


# Of every formula.


def value(call: Call, **inputs: Any) -> None:
    """Each result is within its bound of the exact value."""
    for name, result in call(**inputs).items():
        demand(result.error, result.bound, f"{name} is off by", "the bound is")


def batch(call: Call, formula: Formula, row: int, **inputs: Any) -> None:
    """A row gives the same in a batch and alone."""
    one = {name: array[row : row + 1] if name in with_batch(formula) else array for name, array in inputs.items()}
    together, alone = call(**inputs), call(**one)
    for name, axes in result_axes(formula).items():
        if BATCH in axes and name in together:
            y, own = together[name], alone[name]
            difference, allowed = y.values[row : row + 1] - own.values, y.bound[row : row + 1] + own.bound
            demand(difference, allowed, "the row in the batch and the row alone differ by")


def with_batch(formula: Formula) -> set[str]:
    """The arguments that have a batch."""
    return {name for name, axes, _ in inputs_of(formula) if BATCH in axes}


def one_row(formula: Formula, dtype: np.dtype[Any]) -> Inputs:
    return {**drawn(formula, dtype, ((3,), (3, 2))), "row": st.integers(0, 2)}


def properties_of(formula: str | Callable[..., Any]) -> dict[str, Property]:
    """The properties of a formula by label: the general ones, and its own."""
    declared = function_of(formula)
    name = declared.formula
    found = {f"{name}.value": Property(declared, value, partial(drawn, declared))}
    by_rows = not declared.rows_together and any(BATCH in axes for axes in result_axes(declared).values())
    if f"{name}.batch" in requirements(formula) and with_batch(declared) and by_rows:
        found[f"{name}.batch"] = Property(declared, partial(batch, formula=declared), partial(one_row, declared))
    module = f"{formulas.__name__}.{name}_properties"
    if declared.is_own and importlib.util.find_spec(module):
        own = importlib.import_module(module).PROPERTIES
        found |= {f"{name}.{key}": each for key, each in own.items()}
    return found


PROPERTIES = {label: each for formula in spec.formulas() for label, each in properties_of(formula).items()}


# The subject.


def check_property(
    what: str | Callable[..., Any], subject: AnySubject, dtype: str, formula: str | Callable[..., Any] | None = None
) -> None:
    """Put a property to a subject, or all of a formula.

    Parameters
    ----------
    what : str or callable
        A property's label, or a formula of anybody's.
    subject : Subject or Isolated
    dtype : str
        One of the subject's.
    formula : str or callable, optional
        Whose property a label names, if not one of gaugeblock's own.

    Raises
    ------
    AssertionError
        With the smallest inputs found that the property does not hold for, as Python code, and what happens there.
    NotImplementedError
        The subject does not have the function, or declines these inputs.
    """
    known, subject = PROPERTIES if formula is None else properties_of(formula), subject.in_dtype(dtype)
    for label, each in ({what: known[what]} if isinstance(what, str) else properties_of(what)).items():
        name = each.formula.name
        functions = subject.functions(name)
        if not functions:
            raise NotImplementedError(f"{subject.name} has no {name}")
        for function in functions.values():
            with warnings.catch_warnings(), subject.settings(dtype):
                warnings.simplefilter("ignore")
                search(label, each, judged(subject, each.formula, function, np.dtype(dtype)), np.dtype(dtype))


def search(label: str, chosen: Property, call: Call, dtype: np.dtype[Any]) -> None:
    """Draw inputs, and raise AssertionError for the smallest that the property does not hold for."""

    @SETTINGS
    @hypothesis.given(st.fixed_dictionaries(chosen.inputs(dtype)))
    def holds(inputs: dict[str, Any]) -> None:
        try:
            chosen.holds(call, **inputs)
        except tolerance.EmptyToleranceError:
            hypothesis.reject()
        except AssertionError as error:
            raise AssertionError(f"{label} does not hold:\n{snippet(inputs, error)}") from None

    holds()


def judged(subject: AnySubject, formula: Formula, function: Callable[..., Any], dtype: np.dtype[Any]) -> Call:
    """The subject's function as a `Call`."""

    def call(**inputs: Any) -> dict[str, Result]:
        asked = formula_call(formula, *arguments_of(formula, inputs))
        expected = oracle.expect(asked, dtype, subject.subnormals, subject.numerics)
        with np.errstate(all="ignore"):
            expected = tolerance.judgeable(asked, dtype, expected, plain_run(asked, dtype))
        try:
            found = answer(subject, function, asked).results
        except BrokenResultError as error:
            raise AssertionError(f"{formula.name}: {error}") from None
        return {each: result(each, found[each], wanted) for each, wanted in expected.items()}

    def result(each: str, values: np.ndarray, wanted: Expected) -> Result:
        if values.dtype != wanted.dtype or values.shape != wanted.value.shape:
            got = f"{values.dtype} of shape {values.shape}"
            raise AssertionError(f"{each} of {formula.name} is {got}, not {dtype} of shape {wanted.value.shape}")
        return Result(values.astype(np.float64), oracle.ratios(values, wanted)[1], wanted.bound)

    return call


def arguments_of(formula: Formula, inputs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """How the inputs are passed: by position, and as options."""
    names = formula.arguments
    parts = formula.state_names if formula.state else ()
    arguments = tuple(formula.state_of(inputs) if name == formula.state else inputs[name] for name in names)
    options = {name: given for name, given in inputs.items() if name not in names and name not in parts}
    return arguments, options | ({AXIS: -1} if AXIS in formula.parameters else {})


def snippet(inputs: dict[str, Any], error: AssertionError) -> str:
    """Python code that makes the inputs, and what happens there as a comment."""
    lines = [f"{name} = {code(given)}" for name, given in inputs.items()]
    return "\n".join(["import numpy as np", *lines, f"# {error}"])


def code(given: Any) -> str:
    """A number, a list or an array as Python code, floats in hexadecimal."""
    if isinstance(given, np.ndarray):
        digits = " ".join(map(digits_of, given.ravel().tolist()))
        return f'np.array([*map(float.fromhex, "{digits}".split())], dtype="{given.dtype}").reshape({given.shape})'
    return f'float.fromhex("{digits_of(given)}")' if isinstance(given, float) else repr(given)


def digits_of(number: float) -> str:
    """A float in hexadecimal, without the zeros that say nothing."""
    return re.sub(r"\.?0*p", "p", float(number).hex()) if number else f"{number:.0f}"
