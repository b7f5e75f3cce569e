"""`pytest --pyargs gaugeblock.conformance`: one test for each requirement, with the verdicts of the command line."""

import json
import os
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from gaugeblock import spec
from gaugeblock.conformance import check

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"


def run(*arguments, cwd):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *map(str, arguments)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment, check=False)


UNRELATED = """
import sys

def test_mine():
    heavy = {"numpy", "flint", "array_api_compat", "typer"} & set(sys.modules)
    ours = sorted(name for name in sys.modules if name.partition(".")[0] == "gaugeblock")
    assert (heavy, ours) == (set(), ["gaugeblock", "gaugeblock.pytest_plugin"])
"""


def test_a_project_that_does_not_use_it_loads_the_options_and_nothing_else(tmp_path):
    plugin = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]["gaugeblock"]
    (tmp_path / "test_mine.py").write_text(UNRELATED)
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "GAUGEBLOCK_BACKEND": "pytorch"}
    command = [sys.executable, "-m", "pytest", "-p", plugin, "-p", "no:cacheprovider", "test_mine.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    command[-1:] = ["--pyargs", "gaugeblock.conformance", "-k", "[softmax.nan] or relu.nan", "-v"]  # chosen by labels
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment, check=False)
    assert "test_requirement[softmax.nan] PASSED" in done.stdout, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert "failed" not in done.stdout


def verdicts(path):
    """Of each requirement, by label: passed, failed or skipped."""
    found = {}
    for case in ElementTree.parse(path).iter("testcase"):
        kinds = [child.tag for child in case if child.tag in ("failure", "skipped")]
        test, _, label = case.get("name").partition("[")
        if test == "test_requirement":
            found[label.rstrip("]")] = kinds[0] if kinds else "passed"
    return found


@pytest.mark.one_in(2)
@pytest.mark.whole
@pytest.mark.parametrize(
    ("subject", "formulas"),
    [("numpy", ["sgd_step", "softmax_vjp"]), (EXAMPLES / "libraries/scipy_special.py", ["softmax"])],
    ids=["numpy", "scipy"],
)
def test_verdicts_equal_those_of_check(subject, formulas, tmp_path):
    arguments = (
        "--pyargs",
        "gaugeblock.conformance",
        "--gaugeblock-subject",
        subject,
        "--gaugeblock-dtype=float32",
        *(word for formula in formulas for word in ("--gaugeblock-formula", formula)),
        "--junit-xml=junit.xml",
    )
    done = run(*arguments, cwd=tmp_path)
    names = {"pass": "passed", "fail": "failure", "not offered": "skipped"}
    wanted, worst = {}, ["not offered", "pass", "fail"]
    for formula in formulas:
        for label, requirement in spec.requirements(formula).items():
            wanted[label] = "not offered" if not requirement.own else None
    for result in check(str(subject), formulas, ["float32"]).results:
        wanted[result.requirement] = max(wanted[result.requirement], result.status, key=worst.index)
    assert verdicts(tmp_path / "junit.xml") == {label: names[status] for label, status in wanted.items() if status}
    assert done.returncode == int("fail" in wanted.values())


@pytest.mark.thorough
def test_verdicts_equal_those_of_the_command_line(tmp_path):
    (tmp_path / "some.py").write_text(
        """
import numpy as np

def softmax(x, *, axis=-1):  # overflows
    return np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)

def relu(x):
    if x.size == 0:
        raise NotImplementedError("no empty arrays")
    return np.maximum(x, 0).astype(np.float32)  # wrong in float64

def log_softmax(x, *, axis=-1):  # wrong, but not asked for
    return x
"""
    )
    chosen = {"formula": ["softmax", "relu"], "dtype": ["float32"], "device": ["cpu"]}
    given = [word for name, values in chosen.items() for value in values for word in (f"--{name}", value)]
    command = [sys.executable, "-m", "gaugeblock", "check", "some.py", "--json", "report.json", *given]
    status = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode
    results = json.loads((tmp_path / "report.json").read_text())["reports"][0]["results"]
    names = {"pass": "passed", "fail": "failure", "not offered": "skipped"}
    wanted = {result["requirement"]: names[result["status"]] for result in results}
    assert set(wanted.values()) == set(names.values())

    options = [word.replace("--", "--gaugeblock-") for word in given]
    done = run(
        "--pyargs",
        "gaugeblock.conformance",
        "--gaugeblock-subject=some.py",
        *options,
        "-n",
        "2",
        "--junit-xml=junit.xml",
        "-k",
        "test_requirement",
        cwd=tmp_path,
    )
    assert verdicts(tmp_path / "junit.xml") == wanted
    assert done.returncode == status == 1


def test_in_a_dtype_without_properties_they_are_skipped(tmp_path):
    chosen = "--gaugeblock-formula=relu", "--gaugeblock-dtype=float16"
    done = run("--pyargs", "gaugeblock.conformance", *chosen, "-rs", cwd=tmp_path)
    assert "properties are judged in float32 and float64 only" in done.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ["--gaugeblock-formula=sofmax"],
            "--gaugeblock-formula: got 'sofmax'; did you mean 'softmax'? (`gaugeblock spec` shows all",
        ),
        (["--gaugeblock-dtype=float8"], "--gaugeblock-dtype: got 'float8'; wanted one of float"),
        (["--gaugeblock-device=cuda"], "--gaugeblock-subject: numpy: device: got 'cuda'; wanted 'cpu'"),
    ],
)
def test_an_option_with_what_there_is_not_is_one_line(options, words, tmp_path):
    done = run("--pyargs", "gaugeblock.conformance", *options, cwd=tmp_path)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_several_subjects_stand_in_the_names(tmp_path):
    both = "--gaugeblock-subject=numpy", "--gaugeblock-subject=strict", "--gaugeblock-dtype=float32"
    done = run("--pyargs", "gaugeblock.conformance", *both, "-k", "relu.nan", "-v", cwd=tmp_path)
    assert "[strict-relu.nan] PASSED" in done.stdout


def test_a_subject_that_cannot_be_loaded_is_one_line(tmp_path):
    done = run("--pyargs", "gaugeblock.conformance", "--gaugeblock-subject", "torhc", cwd=tmp_path)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--gaugeblock-subject: subject: got 'torhc'; wanted a backend" in done.stderr


def test_nothing_judged_is_no_pass(tmp_path):
    (tmp_path / "never.py").write_text("def softmax(x, *, axis=-1):\n    raise NotImplementedError('never')")
    chosen = "--gaugeblock-subject=never.py", "--gaugeblock-formula=softmax"
    done = run("--pyargs", "gaugeblock.conformance", *chosen, cwd=tmp_path)
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED


def test_three_lines_in_somebody_elses_repository(tmp_path):
    (tmp_path / "test_mine.py").write_text(
        """
import jax, torch
from gaugeblock.conformance import assert_conforms

def test_torch():
    x = torch.linspace(-3, 3, 12).reshape(3, 4)
    assert_conforms(torch.softmax(x, -1), "softmax", x)

def test_jax():
    x = jax.numpy.linspace(-3, 3, 12).reshape(3, 4)
    assert_conforms(jax.nn.softmax(x), "softmax", x)

def test_wrong():
    x = torch.linspace(-3, 3, 12).reshape(3, 4)
    assert_conforms(torch.softmax(x, 0), "softmax", x)
"""
    )
    done = run("test_mine.py", cwd=tmp_path)
    assert "2 passed" in done.stdout
    assert "1 failed" in done.stdout
    assert "AssertionError: softmax: y[" in done.stdout


def test_a_failure_shows_the_report_and_one_of_a_property_code_and_what_reproduces_it(tmp_path):
    (tmp_path / "unshifted.py").write_text(
        """
import numpy as np

def softmax(x, *, axis=0):
    return np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)
"""
    )
    labels = "softmax.axis or test_property and (softmax.shift or relu.value)"
    chosen = "--gaugeblock-subject=unshifted.py", "--gaugeblock-dtype=float32", "-k", labels
    done = run("--pyargs", "gaugeblock.conformance", *chosen, "-v", "-rs", cwd=tmp_path)
    assert done.returncode == 1
    assert "FAIL softmax.axis in float32" in done.stdout
    assert re.search(r"^  expected +\S+ within ", done.stdout, re.M)
    assert "test_property[softmax.shift] FAILED" in done.stdout
    assert "unshifted.py has no relu" in done.stdout
    for words in ("softmax.shift does not hold:", "import numpy as np", "# softmax(x) and softmax(x + c) differ by"):
        assert words in done.stdout
    assert "@reproduce_failure" in done.stdout


def test_without_hypothesis_the_properties_are_skipped_with_the_reason(tmp_path):
    (tmp_path / "conftest.py").write_text("import sys; sys.modules['hypothesis'] = None")
    chosen = "-p", "no:hypothesispytest", "-p", "no:xdist", "-k", "test_property or relu.nan", "-rs"
    done = run("--pyargs", "gaugeblock.conformance", *chosen, cwd=tmp_path)
    assert "1 passed, 1 skipped" in done.stdout
    assert "pip install '.[test]'" in done.stdout
