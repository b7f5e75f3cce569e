"""How strong the cases of a formula are: its operations one by one, and what survives when one is changed."""

import copy
import re

import numpy as np
import pytest
import typer

from gaugeblock import formula, reference
from gaugeblock.conformance.cli.power import power as command
from gaugeblock.conformance.mutants import power as module
from gaugeblock.conformance.mutants.changes import CHANGES, applicable
from gaugeblock.conformance.mutants.operations import through
from gaugeblock.conformance.mutants.power import power

FORMULAS = """
from gaugeblock import formula


@formula("(..., n), (n) -> (..., n)")
def rms_scale(x, w, *, epsilon=1e-6):
    xp = x.__array_namespace__()
    return x / xp.sqrt(xp.mean(x * x, axis=-1, keepdims=True) + epsilon) * w
"""


@formula("(..., n), (n) -> (..., n)")
def rms_scale(x, w, *, epsilon=1e-6):
    xp = x.__array_namespace__()
    return x / xp.sqrt(xp.mean(x * x, axis=-1, keepdims=True) + epsilon) * w


@formula("(...) -> (...)")
def floored(x):
    return x.__array_namespace__().maximum(x, 0.0 * x - 1e9)  # a limit that no case reaches from below and shows


def texts(function, *arguments):
    """The names and sources of the operations of a call."""
    seen = []

    def perform(operation, called, inputs, options):
        seen.append((operation.name, operation.text))
        return called(*inputs, **options)

    return through(function, perform)(*arguments), seen


def test_each_operation_is_seen_with_its_source():
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    result, seen = texts(rms_scale, x, x[0])
    assert type(result) is np.ndarray
    assert np.array_equal(result, rms_scale(x, x[0]))
    assert [name for name, _ in seen] == ["multiply", "mean", "add", "sqrt", "divide", "multiply"]
    assert seen[0][1] == "x * x"
    assert seen[1][1] == "xp.mean(x * x, axis=-1, keepdims=True)"


def test_operations_in_place_methods_and_states_are_seen():
    def in_place(x):
        y = x.copy()
        y += 1
        return y.sum(axis=-1), y

    x = np.ones((2, 3), np.float32)
    (total, y), seen = texts(in_place, x)
    assert np.array_equal(total, [6, 6])
    assert np.array_equal(y, x + 1)
    assert [name for name, _ in seen] == ["add", "add.reduce"]
    state = reference.adam_init(x)
    (theta, (step, m, _)), seen = texts(reference.adam_step, x, x, state)
    assert (step, type(theta), type(m)) == (1, np.ndarray, np.ndarray)
    assert ("sqrt", "xp.sqrt(v_hat)") in seen


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: f"{change.kind}: {change.words}")
def test_each_change_applies_to_something_and_changes_it(change):
    rng = np.random.default_rng(0)
    long = rng.normal(size=(2, 1030)).astype(np.float32)
    few = np.array([[1e5, -3.7, np.nan], [1e-20, np.inf, 1e-40]], np.float32)
    tall, deep = rng.normal(size=(600, 4)).astype(np.float32), rng.normal(size=(2, 3, 2, 2)).astype(np.float32)
    calls = [
        *((np.sum, (each,), {"axis": -1, "keepdims": True}) for each in (long, few, deep)),
        *((ufunc, (each, 1.5), {}) for ufunc in (np.add, np.divide) for each in (long, few, tall, deep)),
        (np.less, (few, np.float32(1e5)), {}),
    ]
    changed = 0
    for call, inputs, options in calls:
        if change in applicable(call.__name__, call, inputs, options):
            with np.errstate(all="ignore"):
                found = change.perform(call.__name__, call, inputs, options)
                changed += not np.array_equal(found, call(*inputs, **options), equal_nan=True)
    assert changed


@pytest.mark.thorough
@pytest.mark.whole
def test_the_made_cases_reject_every_change_of_shape_term_and_precision():
    (found,) = power(rms_scale)
    for kind in ("function", "term", "shape", "precision"):
        assert found.rejected[kind] == found.changes[kind] > 0
    assert sum(found.changes.values()) - sum(found.rejected.values()) == len(found.survivors)
    within = {(each.operation, each.words) for each in found.survivors if each.ratio is not None}
    assert within == {("divide", "0 for subnormal numbers"), ("multiply", "0 for subnormal numbers")}
    assert all(each.ratio is None or 0 < each.ratio <= 1 for each in found.survivors)


@pytest.mark.thorough
@pytest.mark.whole
def test_fewer_cases_reject_less(monkeypatch):
    (all_cases,) = power(rms_scale)
    every = module.compact_cases
    monkeypatch.setattr(module, "compact_cases", lambda *asked: [e for e in every(*asked) if e[0].kind == "random"])
    (few,) = power(rms_scale)
    assert few.cases == 3
    assert few.changes == all_cases.changes
    assert sum(few.rejected.values()) < sum(all_cases.rejected.values())
    assert few.rejected["shape"] < few.changes["shape"]


@pytest.mark.whole
def test_what_no_case_shows_has_the_same_bits():
    (found,) = power(floored)
    assert ("maximum", None) in {(each.operation, each.ratio) for each in found.survivors}


@pytest.mark.whole
def test_a_formula_of_ones_own_is_measured_function_by_function():
    (found,) = power("relu")
    assert (found.function, found.dtype) == ("relu", "float32")
    assert [each.words for each in found.survivors] == ["its end belongs to the other side"]  # relu(0) is 0 either way


@formula("(...) -> (...)")
def that_copies(x):
    return copy.deepcopy(x)


@formula("(...) -> (...)")
def of_two_minds(x):
    return x * (2.0 if isinstance(x, np.ndarray) and x.dtype == np.float32 else 1.0)


@pytest.mark.whole
@pytest.mark.parametrize(
    ("function", "words"),
    [
        (that_copies, "whose operations cannot be seen; wanted one that computes with the operators"),
        (of_two_minds, "that fails its own case of_two_minds.value/"),
    ],
)
def test_a_formula_that_cannot_be_measured_is_an_error_of_one_line(function, words):
    with pytest.raises(ValueError, match=f"^{function.__name__}: got a formula {words}"):
        power(function)


def test_a_formula_that_does_not_run_is_an_error_of_one_line():
    with pytest.raises(ValueError, match=r"^of_numpy: it does not run on arrays that carry an error .*; write it with"):
        power(formula("(..., n) -> (...)")(of_numpy))
    with pytest.raises(ValueError, match=r"^without on float32 arrays .*: it raised KeyError: 'key'"):
        power(formula("(..., n) -> (..., n)")(without))


def of_numpy(x):
    return np.mean(np.asarray(x), axis=-1)


def without(x):
    return x * {}["key"]


def test_a_formula_without_cases_is_an_error(monkeypatch):
    monkeypatch.setattr(module, "compact_cases", lambda *asked: ())
    with pytest.raises(ValueError, match="rms_scale: got no case in float32; wanted a signature"):
        power(rms_scale)


@pytest.mark.whole
def test_the_command_prints_shares_and_survivors(tmp_path, monkeypatch, capsys):
    (tmp_path / "my_formulas.py").write_text(FORMULAS)
    monkeypatch.chdir(tmp_path)
    command("my_formulas.py:rms_scale")
    shown = capsys.readouterr().out
    assert re.match(r"rms_scale in float32: \d+ cases reject \d+ of \d+ changes \(\d\d%\)\n", shown)
    assert re.search(r"^ shape +(\d+) +\1", shown, re.M)
    assert re.search(r"^  0\.\d\d  divide in x / xp\.sqrt\(xp\.mean\(x \* x", shown, re.M)
    assert "multiply in x * x: 0 for subnormal numbers" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sofmax",), "formula: got 'sofmax'; did you mean 'softmax'? (`gaugeblock spec` shows all"),
        (("softmax", "float8"), "dtype of NumPy: got 'float8'; wanted one of float16, float32, float64"),
        (("nowhere.py",), "nowhere.py: there is no such file"),
    ],
)
def test_a_mistake_in_the_use_of_the_command_is_an_error_of_one_line(arguments, words):
    with pytest.raises(typer.TyperException) as raised:
        command(*arguments)
    assert str(raised.value).startswith(words)
