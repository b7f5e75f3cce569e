"""Anybody's formula: a function that is written against the Array API standard, declared or not."""

import json
import subprocess
import sys
import textwrap
import types
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from gaugeblock import reference
from gaugeblock.conformance import SubjectError, assert_conforms, assert_gauged, check, expected, reproduce
from gaugeblock.conformance.arithmetic.namespace import BOUNDED
from gaugeblock.conformance.cases import made
from gaugeblock.conformance.judging import loading
from gaugeblock.conformance.reporting.html import snippet
from gaugeblock.conformance.reporting.report import to_document
from gaugeblock.reference.declaration import formula

pytestmark = pytest.mark.whole

SWISH = """
from gaugeblock import formula


@formula("(...) -> (...)")
def swish(x):
    xp = x.__array_namespace__()
    return x / (1 + xp.exp(-x))
"""
RIGHT = """
import numpy as np


def swish(x):
    return x * (1 / (1 + np.exp(-x)))
"""
WRONG = """
import numpy as np


def swish(x):
    return x / (1 + np.exp(np.float32(-1.0001) * x))
"""


def swish(x):
    return x / (1 + x.__array_namespace__().exp(-x))


@formula("(..., n), (n) -> (..., n)")
def scaled(x, w, *, epsilon=1e-6):
    xp = x.__array_namespace__()
    return x / xp.sqrt(xp.sum(x * x, axis=-1, keepdims=True) + epsilon) * w


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.fixture
def folder(tmp_path):
    for name, text in {"my_formulas.py": SWISH, "right.py": RIGHT, "wrong.py": WRONG}.items():
        (tmp_path / name).write_text(textwrap.dedent(text))
    return tmp_path


def gaugeblock(folder, *arguments):
    command = [sys.executable, "-m", "gaugeblock", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_function_without_a_declaration_has_a_value_and_a_bound():
    x = numbers(100)
    value, bound = expected(swish, x)
    exact = x.astype(np.float64) / (1 + np.exp(-x.astype(np.float64)))
    np.testing.assert_allclose(value, exact, rtol=1e-12)
    assert np.all((bound > 0) & (bound < 2e-6 * (1 + np.abs(exact))))
    assert_conforms(swish(x), swish, x)
    with pytest.raises(AssertionError, match=r"swish: y\[\d+\] is .* times the bound"):
        assert_conforms(swish(x) * np.float32(1.0001), swish, x)


def test_a_declared_function_takes_its_hyper_parameters_as_real_numbers():
    x, w = numbers(4, 10), numbers(10, seed=1)
    default, bound = expected(scaled, x, w)
    other, _ = expected(scaled, x, w, epsilon=10.0)
    assert not np.allclose(default, other)
    assert_conforms(scaled(x, w), scaled, x, w)
    assert_conforms(scaled(x, w, epsilon=10.0), scaled, x, w, epsilon=10.0)
    with pytest.raises(AssertionError):
        assert_conforms(scaled(x, w, epsilon=10.0), scaled, x, w)
    assert bound.shape == (4, 10)


def test_in_float64_the_value_is_that_of_the_exact_run():
    x = numbers(20).astype(np.float64)
    value, bound = expected(swish, x)
    assert np.all(np.abs(swish(x) - value) <= bound)
    assert np.all(bound < 1e-13)


def test_several_results_are_named_by_their_number():
    def both(x):
        return x + 1, x * x

    x = numbers(5)
    (first, second), _ = expected(both, x)
    np.testing.assert_array_equal(first, x.astype(np.float64) + 1)
    np.testing.assert_array_equal(second, x.astype(np.float64) ** 2)
    assert_conforms(both(x), both, x)
    with pytest.raises(AssertionError, match="got an array; expected a tuple or list of 2"):
        assert_conforms(x + 1, both, x)
    with pytest.raises(AssertionError, match="got a tuple or list of 1; expected an array"):
        assert_conforms((x + 1,), lambda x: x + 1, x)
    with pytest.raises(AssertionError, match=r"both: y2\[\d\] is "):
        assert_conforms((x + 1, x), both, x)


@pytest.mark.parametrize("given", [3, None])
def test_what_is_no_formula_is_one_line(given):
    with pytest.raises(TypeError, match=r"formula: got .*; wanted a function, or a name such as 'softmax'"):
        expected(given, numbers(3))


def test_a_call_without_arrays_is_one_line():
    with pytest.raises(TypeError, match="swish_of_numbers: got no array; wanted at least one of float16"):
        expected(swish_of_numbers, 1.0)


@pytest.mark.parametrize(
    ("function", "given", "message"),
    [
        (swish, [1.0, 2.0], "swish: x: got list; wanted an array"),
        (swish, numbers(3) + 0j, "swish: x: got an array of complex64; wanted .*: both parts as two arrays"),
        (swish, np.array(["1"]), "swish: x: got an array of <U1; wanted one of float16, .*, integers or booleans"),
        (swish, np.array([None]), "swish: x: got an array of object; wanted one of float16"),
        (swish, np.arange(3), "xp.exp: got an array of int64; wanted one of floating-point numbers"),
        (np.exp, numbers(3), "formula: got 'exp' .ufunc.; wanted a function that is defined in Python"),
        (lambda x: {"y": x}, numbers(3), "<lambda>: y: got dict as its result; wanted an array"),
        (lambda x: None, numbers(3), "<lambda>: y: got NoneType as its result; wanted an array"),
        (lambda x: (x, (x, x)), numbers(3), "<lambda>: y2: got tuple as its result; wanted an array"),
    ],
)
def test_what_is_no_array_is_one_line(function, given, message):
    with pytest.raises(TypeError, match=message):
        expected(function, given)


@pytest.mark.parametrize(("name", "kind"), [("sgd_step", "SGD"), ("adam_step", "Adam"), ("adamw_step", "Adam")])
def test_what_is_no_state_is_refused_in_the_words_of_the_formula(name, kind):
    x = numbers(3)
    right = getattr(reference, f"{kind.lower()}_init")(x)
    for state in (tuple(right), (3, x), 3, [*right], {"step": 3}):
        for judged in (expected, partial(assert_conforms, (x, right))):
            with pytest.raises(
                TypeError, match=rf"^state: got .*; wanted an {kind}State, as {kind.lower()}_init returns$"
            ):
                judged(name, x, x, state)


def test_a_result_of_booleans_is_exact():
    x = numbers(20)
    assert_conforms(x > 0, lambda x: x > 0, x)
    with pytest.raises(AssertionError, match=r"is 0\.0; expected 1\.0"):
        assert_conforms(x > 1, lambda x: x > 0, x)


def noisy(x):
    return x * np.random.default_rng().normal()


@formula("(...) -> (...)")
def declared_noisy(x):
    return noisy(x)


def test_a_random_function_is_no_formula():
    message = "noisy: it returned other numbers for the same arrays; wanted a function that its arguments decide"
    with pytest.raises(ValueError, match=f"^{message}"):
        expected(noisy, numbers(5))
    with pytest.raises(ValueError, match=f"^declared_{message}"):
        check(types.SimpleNamespace(declared_noisy=lambda x: x * 1), formulas=[declared_noisy])


def test_a_function_that_is_declared_after_it_was_judged_has_its_declaration():
    def twice(x, *, factor=2.0):
        return x * factor

    x = numbers(5)
    assert_conforms(twice(x), twice, x)
    formula("(...) -> (...)", results=("doubled",))(twice)
    with pytest.raises(AssertionError, match=r"twice: doubled\[\d\] is "):
        assert_conforms(x, twice, x)
    subject = types.SimpleNamespace(twice=lambda x, *, factor=2.0: x * x.dtype.type(factor))
    assert check(subject, formulas=[twice]).passed


def test_a_function_is_not_run_once_more_for_each_block():
    rows = []

    @formula("(..., n) -> (..., n)")
    def counted(x):
        rows.append(x.shape[0] if isinstance(x, np.ndarray) and x.shape[1] == 1000 else 0)
        return x + 1

    x = numbers(300, 1000)
    assert_conforms(x + 1, counted, x)
    assert sum(rows) <= 2 * len(x) + 2 * max(rows)  # values and sizes of terms; once more for the first block alone


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_function_may_write_to_its_arguments_which_stay_as_they_were(dtype):
    def shifted(x):
        x -= 1
        x *= 2
        return x

    x = numbers(20).astype(dtype)
    before = x.copy()
    assert_conforms((x - 1) * 2, shifted, x)
    np.testing.assert_array_equal(x, before)


@formula("(..., 2h), (h, 3) -> (..., h)")
def turned(x, table):
    return x[..., : table.shape[0]] * table[:, 0]


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((2, 6), (4, 3)), r"table: got an array of shape \(4, 3\); wanted \(h, 3\) with h = 3"),
        (((2, 6), (1, 3)), r"table: got an array of shape \(1, 3\); wanted \(h, 3\) with h = 3"),
        (((2, 6), (3, 4)), r"table: got an array of shape \(3, 4\); wanted \(h, 3\) with h = 3"),
        (((2, 6), (5, 3, 3)), r"table: got an array of shape \(5, 3, 3\); wanted \(h, 3\),"),
        (((2, 7), (3, 3)), r"x: got an array of shape \(2, 7\); wanted \(..., 2h\) with h = 3"),
        (((), (3, 3)), r"x: got an array of shape \(\); wanted \(..., 2h\),"),
    ],
)
def test_lengths_that_contradict_the_signature_are_told(shapes, message):
    with pytest.raises(ValueError, match=f"^turned: {message}"):
        expected(turned, *map(np.ones, shapes))


def test_lengths_that_the_signature_has_are_taken():
    assert expected(turned, np.ones((2, 4, 6)), np.ones((3, 3)))[0].shape == (2, 4, 3)


def test_arrays_by_keyword_and_none_are_as_in_their_places():
    rng = np.random.default_rng(0)
    labels, x, weight = torch.arange(4), torch.tensor(rng.normal(size=(4, 5))), torch.tensor(rng.random(5) + 1)
    loss = torch.nn.functional.cross_entropy
    assert_conforms(loss(x, labels, weight), "cross_entropy", labels, x, weight=weight)
    with pytest.raises(AssertionError, match="times the bound"):
        assert_conforms(loss(x, labels), "cross_entropy", labels, x, weight=weight)
    for given in ((None,), ()):
        assert_conforms(loss(x, labels), "cross_entropy", labels, x, *given)
    assert_conforms(loss(x, labels), "cross_entropy", labels, x, weight=None)
    w, b = torch.ones(5, 3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    assert_conforms(x @ w + b, "dense", x, b=b, w=w)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'w'"):
        assert_conforms(x @ w + b, "dense", x, b=b)
    with pytest.raises(TypeError, match="got multiple values for argument 'w'"):
        assert_conforms(x @ w + b, "dense", x, w, b, w=w)
    assert assert_gauged(lambda labels, x, weight: loss(x, labels, weight), "cross_entropy", labels, x, weight=weight)
    assert assert_gauged(lambda labels, x: loss(x, labels), "cross_entropy", labels, x, None)


def test_a_number_of_python_is_an_array_without_axes_of_a_formula_and_a_constant_of_anybodys():
    labels, x = np.asarray([0, 1]), np.asarray([[7, 7], [7, 8]], np.float32)
    both = [expected("cross_entropy_vjp", labels, x, g) for g in (0.5, np.float32(0.5))]
    np.testing.assert_array_equal(*both)

    @formula("(...), () -> (...)")
    def times(x, a):
        return x * a

    np.testing.assert_array_equal(expected(times, x, 0.1)[0], x * np.float64(0.1))  # not cast


@pytest.mark.parametrize(("given", "message"), [([], "formulas: got none; wanted"), (3, "formula: got int; wanted")])
def test_no_formulas_are_one_line(given, message):
    with pytest.raises((TypeError, ValueError), match=message):
        check("numpy", formulas=given)


def swish_of_numbers(x):
    return x


def test_the_command_judges_by_the_formula_in_a_file(folder):
    right = gaugeblock(folder, "check", "right.py", "--formula", "my_formulas.py:swish", "--json", "right.json")
    assert right.returncode == 0, right.stdout + right.stderr
    assert "right.py conforms" in right.stdout
    assert "unverified: swish (no second definition says that the formula itself is right)" in right.stdout
    assert "conforms to gaugeblock spec" not in right.stdout
    report = json.loads((folder / "right.json").read_text())["reports"][0]
    assert (report["unverified"], report["claim"]) == (["swish"], "")
    wrong = gaugeblock(folder, "check", "wrong.py", "--formula", "my_formulas.py")
    assert wrong.returncode == 1, wrong.stdout + wrong.stderr
    assert "FAIL swish.value in float32" in wrong.stdout


def of_positions(i):
    xp = i.__array_namespace__()
    angle = xp.astype(i, xp.float32)[:, None] * xp.exp(xp.arange(8, dtype=xp.float32) * (-9.210340371976184 / 8))
    return xp.sin(angle)


def of_tensors(i):
    return torch.sin(i.float()[:, None] * torch.exp(torch.arange(8.0) * (-9.210340371976184 / 8)))


def of_jax(i):
    return jnp.sin(i[:, None] * jnp.exp(jnp.arange(8.0) * (-9.210340371976184 / 8)))


@pytest.mark.parametrize(
    ("asked", "given"), [(of_positions, np.asarray), (of_tensors, torch.asarray), (of_jax, jnp.asarray)]
)
def test_real_numbers_made_of_integers_alone_have_a_bound(asked, given):
    places = np.arange(50)
    y = np.sin(np.multiply.outer(places, 10000 ** (-np.arange(8) / 8)).astype(np.float32))
    assert_conforms(y, asked, given(places))
    with pytest.raises(AssertionError, match="times the bound"):
        assert_conforms(y * np.float32(1.0001), asked, given(places))


@pytest.mark.parametrize(
    "asked", [lambda i: i * 0.1 + i / 3, lambda i: np.sin(i), lambda i: i**0.5, lambda i: (i + 1) // 2 * 0.1]
)
def test_an_operation_of_numpy_that_makes_real_numbers_of_integers_has_a_bound(asked):
    bound = expected(asked, places := np.arange(1, 20))[1]
    assert np.sum(bound > 0) > 15
    assert np.all(bound < 1e-14)
    assert_conforms(asked(places), asked, places)


def test_what_is_made_of_integers_beside_numbers_has_a_bound_and_integers_and_masks_have_none():
    def asked(x, i, mask):
        xp = i.__array_namespace__()
        return xp.where(~mask & mask | mask, x * xp.sqrt(xp.astype(i + 1, xp.float32)), x[i]), i * 2 > 3, i // 2

    x, places = numbers(20), np.arange(20)[::-1].copy()
    (_, *others), (bound, *theirs) = expected(asked, x, places, x > 0)
    assert np.all(bound[(x > 0) & (places > 0)] > 0)
    assert not np.any(bound[x <= 0])
    assert not any(map(np.any, theirs))
    np.testing.assert_array_equal(others, (places * 2 > 3, places // 2))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_a_number_that_a_format_has_is_made_without_an_error(dtype):
    made = BOUNDED.arange(9, dtype=dtype), BOUNDED.ones(3, dtype=dtype), BOUNDED.astype(np.arange(4) > 1, dtype)
    assert not any(np.any(each.error) for each in made)
    third = BOUNDED.asarray([1 / 3], dtype=dtype)
    assert np.all(third.error >= abs(float(np.asarray(1 / 3).astype(third.dtype)) - 1 / 3))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_a_causal_mask_of_numbered_places_is_decided(dtype):
    def causal(x):
        xp = x.__array_namespace__()
        i = xp.arange(x.shape[-1], dtype=x.dtype)
        e = xp.exp(xp.where(i[None, :] <= i[:, None], x, -xp.inf))
        return e / xp.sum(e, axis=-1, keepdims=True)

    x = np.random.default_rng(0).normal(size=(6, 6)).astype(dtype)
    e = np.exp(x.astype(np.float64))
    masked = np.tril(e)
    assert_conforms((masked / masked.sum(-1, keepdims=True)).astype(dtype), causal, x)
    with pytest.raises(AssertionError):
        assert_conforms((e / e.sum(-1, keepdims=True)).astype(dtype), causal, x)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("my_formulas.py:relu6", "my_formulas.py:relu6: my_formulas.py has no 'relu6'"),
        ("nothing.py", "nothing.py: there is no such file"),
        ("right.py", "right.py: it declares no formula; wanted a function under @gaugeblock.formula(...)"),
        (
            "swsh",
            "got 'swsh'; wanted the name of one (`gaugeblock spec` shows all), or a file or a module with formulas",
        ),
    ],
)
def test_a_formula_that_there_is_not_is_one_line_and_status_2(folder, main, given, message):
    done = main("check", "right.py", "--formula", given)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert message in line


def test_no_subject_of_a_formula_of_ones_own_is_one_line_and_status_2(folder, main):
    done = main("check", "--formula", "my_formulas.py")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "subject: got none; wanted what computes the formula: gaugeblock check mykernels.py" in line


def test_a_subject_without_the_function_is_one_line():
    with pytest.raises(SubjectError, match="it has none of the formulas; wanted a function named scaled"):
        check(types.SimpleNamespace(softmax=np.exp), formulas=[scaled])
    with pytest.raises(SubjectError, match="numpy: dtypes: got module; wanted some of float16"):
        check(np, formulas=[scaled])


def test_pytest_asks_each_requirement_and_property_of_it(folder):
    arguments = ["--gaugeblock-subject", "right.py", "--gaugeblock-formula", "my_formulas.py:swish"]
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "--pyargs", "gaugeblock.conformance"]
    done = subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for test in ("test_requirement[swish.value] PASSED", "test_property[swish.value] PASSED"):
        assert test in done.stdout


def test_a_tolerance_that_judges_nothing_is_no_file_that_cannot_be_written(folder):
    script = """
import sys
from unittest import mock
from gaugeblock.conformance.cli import main
from gaugeblock.conformance.judging import tolerance
error = tolerance.EmptyToleranceError("cannot judge softmax.value/large (float16): the derived tolerance is infinite")
sys.argv = ["gaugeblock", "vectors", "new"]
with mock.patch("gaugeblock.conformance.exchange.vectors.document", side_effect=error):
    main()
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    wanted = "gaugeblock: cannot judge softmax.value/large (float16): the derived tolerance is infinite\n"
    assert (done.returncode, done.stderr) == (2, wanted)


def test_its_vectors_are_written_and_answers_to_them_are_judged(folder, main):
    done = main("vectors", "vectors", "--formula", "my_formulas.py:swish")
    assert done.returncode == 0, done.stderr
    document = json.loads((folder / "vectors/swish/float32.json").read_text())
    assert {case["requirement"] for case in document["cases"]} >= {"swish.value", "swish.nan"}
    answers = {case["case"]: dict(case["expected"]) for case in document["cases"]}
    formula = "--formula", "my_formulas.py:swish"
    for changed, status in ((False, 0), (True, 1)):
        if changed:
            answers["swish.value/random_seed_0_0"]["y"] = answers["swish.value/random_seed_0_1"]["y"]
        (folder / "answers.json").write_text(json.dumps({"swish/float32.json": answers}))
        judged = main("judge", "vectors", "answers.json", *formula)
        assert judged.returncode == status, judged.stdout + judged.stderr
    unknown = main("judge", "vectors", "answers.json")
    assert (unknown.returncode, len(unknown.stderr.splitlines())) == (2, 1)


def test_a_failure_on_a_made_case_is_reproduced_by_the_code_in_the_report(folder):
    name, asked = str(folder / "wrong.py"), str(folder / "my_formulas.py")
    report = to_document([check(name, formulas=[asked], dtypes=["float32"])])["reports"][0]
    (failed,) = (each for each in report["results"] if each["requirement"] == "swish.value")
    assert failed["worst"]["source"] == f"{asked}:swish"
    with pytest.raises(AssertionError):
        exec(snippet(report, failed), {})


@pytest.mark.parametrize("case", ["softmax.infinity/6_by_1025", "softmax.layout/batch_9_wide"])
def test_a_made_case_of_an_own_formula_is_reproduced(case):
    function, arguments, found = reproduce("numpy", case, "float32")
    assert found.id == case
    assert_conforms(function(*arguments, **found.options), found.formula, *found.arguments, **found.options)


def test_a_file_finds_what_is_beside_it_and_is_found_by_its_name(tmp_path):
    (tmp_path / "beside_a_formula.py").write_text("FACTOR = 2\n")
    file = tmp_path / "a_file_of_formulas.py"
    file.write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "from beside_a_formula import FACTOR\n"
        "from gaugeblock import formula\n"
        "@dataclass\nclass Settings:\n    factor: int = FACTOR\n"
        '@formula("(...) -> (...)")\ndef scaled(x):\n    return x * Settings().factor\n'
    )
    (found,) = loading.load_formulas(str(file))
    assert found(3) == 6
    file.write_text("from no_such_module import anything\n")
    with pytest.raises(SubjectError, match=r"a_file_of_formulas.py: does not import: ModuleNotFoundError"):
        loading.load(str(file))


def test_a_file_with_the_name_of_a_loaded_module_does_not_take_its_place(tmp_path):
    (tmp_path / "numpy.py").write_text("VALUE = 3\n")
    assert loading.load(str(tmp_path / "numpy.py")).VALUE == 3
    assert sys.modules["numpy"] is np


def test_an_installed_formula_is_found_by_its_name(monkeypatch):
    entry = types.SimpleNamespace(load=lambda: scaled)
    monkeypatch.setattr(loading, "entry_points", lambda group: [types.SimpleNamespace(name="scaled", load=entry.load)])
    found = check(types.SimpleNamespace(__name__="itself", scaled=scaled), formulas=["scaled"], dtypes=["float32"])
    assert found.passed
    assert {result.formula for result in found.results} == {"scaled"}
    assert found.judged > 30


def scaled_and_shifted(x, mean, scale):
    return (x - mean) * scale


def test_a_failure_that_another_order_would_explain_says_so_and_forms_admit_it():
    x, mean, scale = numbers(1000), np.float32(0.5), np.float32(1.7)
    folded = x * scale - mean * scale
    hint = "the errors are small beside the bounds: if your code adds or multiplies in another order"
    with pytest.raises(AssertionError, match=hint):
        assert_conforms(folded, scaled_and_shifted, x, mean, scale)
    with pytest.raises(AssertionError) as raised:
        assert_conforms(folded * np.float32(1.01), scaled_and_shifted, x, mean, scale)
    assert hint not in str(raised.value)
    other = formula("(...), (), () -> (...)", forms={"folded": lambda x, m, s: x * s - m * s})(
        lambda x, m, s: (x - m) * s
    )
    assert_conforms(folded, other, x, mean, scale)


@formula("(n, m), (m) -> (n, m)")
def shifted(x, b):
    return x + b


def test_a_formula_without_a_batch_is_not_asked_for_empty_ones():
    assert not [each for each in made(shifted, np.dtype("float32")) if each.kind == "empty"]


@formula("(...), (...), (...) -> (...)")
def gated(z, n, h):
    return (1 - z) * n + z * h


@pytest.mark.whole
def test_the_report_says_so_too_and_not_of_larger_errors():
    hint = "if your code adds or multiplies in another order that is right too"
    for kernel, wanted in ((lambda z, n, h: n + z * (h - n), True), (lambda z, n, h: (1 - z) * n + z * n, False)):
        report = check(types.SimpleNamespace(gated=kernel), [gated], ["float32"])
        said = {each.diagnosis for each in report.results if each.diagnosis}
        assert not report.passed
        assert any(hint in each for each in said) == wanted


def test_a_bound_that_would_let_a_coarser_format_pass_is_told():
    def mean_square(x):
        return x.__array_namespace__().mean(x * x)

    for size, wanted in ((100, ""), (100_000, "the bound admits errors of 0.006 of the largest result, as large as")):
        x = numbers(size)
        assert assert_conforms(mean_square(x), mean_square, x).startswith(wanted)
        assert bool(wanted) == bool(assert_conforms(mean_square(x), mean_square, x))


@pytest.mark.parametrize("given", [np.asarray, torch.asarray, jnp.asarray])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_result_that_is_missing_does_not_conform(given, count):
    def three(x):
        return x + 1, x * 2, x * 3

    x = numbers(4)
    results = (x + 1, x * 2, x * 3)
    assert_conforms(results, three, given(x))
    with pytest.raises(AssertionError, match=r"three: got .*; expected a tuple or list of 3"):
        assert_conforms(results[:count], three, given(x))


@pytest.mark.parametrize("given", [np.asarray, torch.asarray, jnp.asarray])
def test_a_scalar_of_numpy_is_judged(given):
    def total(x):
        return x.sum() if isinstance(x, torch.Tensor) else x.__array_namespace__().sum(x)

    with jax.enable_x64(True):
        x = numbers(4).astype(np.float64)
        assert_conforms(np.float64(x.sum()), total, given(x))
        with pytest.raises(AssertionError, match="times the bound"):
            assert_conforms(np.float64(x.sum() + 1), total, given(x))
    with pytest.raises(AssertionError, match="expected an array"):
        assert_conforms(None, lambda x: x.sum(), torch.asarray(x))


@formula("(b, n), (b) -> ()", domain=("real", "index"))
def smoothed(x, labels):
    """All classes count, so that none can be left out by an infinite logit."""
    p = x - np.max(x, axis=1, keepdims=True)
    p = p - np.log(np.sum(np.exp(p), axis=1, keepdims=True))
    return -np.mean(0.9 * p[np.arange(len(labels)), labels] + 0.1 * np.mean(p, axis=1))


@pytest.mark.parametrize("narrow", ["uint8", "uint16", None])
def test_labels_that_another_dtype_would_change_are_given_where_all_classes_count(narrow):
    def kernel(x, labels):
        return smoothed(x, labels.astype(narrow[1:]) if labels.dtype == narrow else labels)

    found = check(types.SimpleNamespace(smoothed=kernel), [smoothed], ["float32"])
    assert found.passed == (narrow is None)


def test_a_masked_array_is_no_result():
    kernel = types.SimpleNamespace(shifted=lambda x, b: np.ma.array(x + b, mask=True))
    found = check(kernel, [shifted], ["float32"])
    assert all("got a masked array" in each.worst.reason for each in found.results if each.status == "fail")
    assert not found.passed


@formula(
    "(...), (...), ((...)) -> (...), ((...))", results=("theta", ("v",)), domain=("real", "real", ("nonnegative",))
)
def root_mean_square_step(theta, grad, state):
    (v,) = state
    v = 0.9 * v + 0.1 * grad * grad
    return theta - 0.01 * grad / (np.sqrt(v) + 1e-3), (v,)


def test_a_state_is_a_plain_tuple_where_the_formula_takes_one():
    given = numbers(5), numbers(5) + 2, (np.abs(numbers(5)),)
    theta, (v,) = root_mean_square_step(*given)
    assert assert_conforms((theta, (v,)), root_mean_square_step, *given) == ""
    with pytest.raises(TypeError, match="state: got ndarray; wanted a tuple of v"):
        expected(root_mean_square_step, *given[:2], given[2][0])


def test_a_module_has_the_name_that_it_is_asked_for_by(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "formulas.py").write_text(
        "import torch\nfrom gaugeblock import formula\ntorch.manual_seed(0)\n"
        "mlp = formula('(..., 4) -> (..., 2)', library='torch')(torch.nn.Linear(4, 2))\n"
    )
    (asked,) = loading.load_formulas("formulas.py:mlp")
    weight, bias = (each.detach().numpy() for each in asked.parameters())
    kernel = types.SimpleNamespace(mlp=lambda x: x @ weight.T.astype(x.dtype) + bias.astype(x.dtype))
    assert check(kernel, [asked], ["float32"]).passed
