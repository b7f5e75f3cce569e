"""The steps of CONTRIBUTING.md that add a formula, followed to the letter on a copy of the tree."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gaugeblock import spec

ROOT = Path(__file__).parent.parent
NEW = Path(__file__).parent / "a_new_formula"
STEPS = (
    (ROOT / "CONTRIBUTING.md").read_text().partition("## How to add a formula\n")[2].partition("\nFor a gradient")[0]
)
FOLDERS = [
    "spec",
    "reference",
    "backends",
    "worker",
    "conformance",
    "src",
    "vectors",
    "tests",
    "docs",
    "examples",
    "benchmarks",
    ".ci",
]
# What asks something of each formula, and is fast; the others ask the same of every formula.
ASKED = [
    "spec",
    "mutants",
    "rewrites",
    "verified",
    "vectors",
    "versions",
    "citation",
    "backends",
    "generated",
    "declaration",
    "bench",
    "formulas",
    "soundness",
    "transforms",
]
OF_ALL = "citation", "generated"  # what asks of all formulas at once
SECOND_ORACLE = """

def logistic(x, **of):
    return [nan if isnan(each) else 1 / (1 + exp(-each)) for each in x]
"""


def run(tree, *command):
    kept = str(tree.with_name("kept"))  # since what other sources expect is deleted
    environment = os.environ | {
        "PYTHONPATH": str(tree / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "GAUGEBLOCK_CACHE": kept,
    }
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the tree with one formula more."""
    tree = tmp_path_factory.mktemp("tree")
    ignored = shutil.ignore_patterns("__pycache__", "a_new_formula", "*.svg")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tree / folder, symlinks=True, ignore=ignored)
    for file in ROOT.glob("*.*"):
        if file.is_file():
            shutil.copy(file, tree)
    shutil.copytree(NEW, tree, dirs_exist_ok=True)
    oracle = tree / "tests/second_oracle.py"
    oracle.write_text(oracle.read_text() + SECOND_ORACLE)
    page = tree / "spec/logistic.md"
    page.write_text(page.read_text().replace("VERSION", spec.VERSION))
    reference = tree / "reference/__init__.py"
    line = "from .formulas.log_softmax import"
    new = "from .formulas.logistic import logistic as logistic\n"
    reference.write_text(reference.read_text().replace(line, new + line, 1))
    return tree


def test_the_steps_name_the_files_that_a_formula_has():
    named = set(re.findall(r"`([a-z_]+/[\w/.]+)`", STEPS.replace("NAME", "logistic")))
    added = {str(file.relative_to(NEW)) for file in NEW.rglob("*") if file.is_file()}
    assert named == added | {"reference/__init__.py", "tests/second_oracle.py"}


@pytest.mark.thorough
def test_following_them_leaves_the_tests_green(tree):
    run(tree, tree / ".ci/generate", "logistic")
    files = [f"tests/test_{name}.py" for name in ASKED]
    chosen = f"{' or '.join(OF_ALL)} or (logistic and not compile)"
    said = run(tree, sys.executable, "-m", "pytest", "-q", "-m", "", "-p", "no:cacheprovider", "-k", chosen, *files)
    passed = re.search(r"(\d+) passed", said)
    assert int(passed[1]) > 40, said
    shown = run(tree, sys.executable, "-m", "gaugeblock", "check", "numpy", "torch", "--formula", "logistic")
    assert re.search("numpy conforms.*torch conforms", shown, re.S), shown
