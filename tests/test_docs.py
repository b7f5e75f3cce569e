"""What the documents show is what happens."""

import doctest
import inspect
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import typer
import yaml

from gaugeblock import formula, pytest_plugin, reference, spec
from gaugeblock.backends import load
from gaugeblock.conformance import assert_conforms, assert_gauged, check, expected, judge_outputs, tolerances
from gaugeblock.conformance.cli import app as cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMED = re.compile(r"(#!.*\n)?# (?P<name>[\w.]+)\n")


def blocks(page):
    """The language and the text of each block of code."""
    return re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(), re.M | re.S)


def commands(page):
    """The lines of a page that a shell is given."""
    found = []
    for language, text in blocks(page):
        if language == "console":
            lines = text.splitlines()
            found += [line[2:] for line in lines if line.startswith("$ ")] or lines
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_blocks_of_a_page_run(page, tmp_path, monkeypatch):
    """One after another, in a folder of their own; one whose first line is a name is that file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    for folder in ("examples", "vectors"):
        if (ROOT / folder).is_dir():
            Path(folder).symlink_to(ROOT / folder)
    names = {"__name__": page.stem}
    for language, text in blocks(page):
        if language == "python":
            if named := NAMED.match(text):
                Path(named["name"]).write_text(text)
                Path(named["name"]).chmod(0o755)
            exec(compile(text, page.name, "exec"), names)
        elif language == "console":
            run(text)
        elif language == "json":
            while text := text.strip():
                text = text[json.JSONDecoder().raw_decode(text)[1] :]
        elif language == "toml":
            assert tomllib.loads(text)
        elif language == "yaml":
            assert yaml.safe_load(text)
        else:
            assert language == "text", f"{language}: a block of a language that is not tested"


def run(block):
    """Run the commands of a block that shows what they print, each after '$ '; '...' stands for any words, or lines."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")} | {"PATH": path}
    for command, wanted in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.M):
        done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=False)
        shown = done.stdout + done.stderr
        pattern = "".join(
            r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + r" *\n"
            for line in wanted.splitlines()
        )
        assert re.fullmatch(pattern, shown), f"{command}\n{shown}"


def test_the_blocks_are_seen_to_fail(tmp_path, monkeypatch):
    with pytest.raises(AssertionError, match="echo 1"):
        run("$ echo 1\n2\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_can_be_parsed(page):
    for line in commands(page):
        parse(line)


@pytest.mark.parametrize(
    "line", ["gaugeblock chek", "a && gaugeblock check --formulas relu", "gaugeblock compare old.json"]
)
def test_a_command_that_there_is_not_is_seen(line):
    with pytest.raises(typer.TyperException):
        parse(line)


def parse(line):
    """Parse what a line gives to gaugeblock, and run none of it."""
    words = shlex.shlex(line, posix=True, punctuation_chars=";&|()<>")
    words.whitespace_split = True
    for control, found in groupby(words, lambda word: set(word) <= set(";&|()<>")):
        command = list(found)
        if not control and command[0] == "gaugeblock":
            program = typer.main.get_command(cli.app)
            with program.make_context("gaugeblock", command[1:]) as context:
                name, chosen, rest = program.resolve_command(context, command[1:])
                chosen.make_context(name, rest, parent=context).close()


def test_the_workflow_is_one():
    """Every step of it is parsed, and the pytest of the page has the options that it names."""
    workflow, steps = (yaml.safe_load(text) for language, text in blocks(ROOT / "docs/in_ci.md") if language == "yaml")
    assert workflow[True] == ["push", "pull_request"]  # YAML 1.1 reads the key `on` so
    (job,) = workflow["jobs"].values()
    assert job["runs-on"]
    assert all(("run" in step) != ("uses" in step) for step in [*job["steps"], *steps])
    lines = [step["run"] for step in [*job["steps"], *steps] if "run" in step]
    for line in lines:
        parse(line)
    assert sum(line.startswith("gaugeblock check") for line in lines) == 1
    shown = re.findall(r"--gaugeblock-\w+", (ROOT / "docs/in_ci.md").read_text())
    assert set(shown) == {pytest_plugin.SUBJECT, pytest_plugin.FORMULA, pytest_plugin.DTYPE, pytest_plugin.DEVICE}


def test_ci_runs_the_test_command_of_the_readme():
    shown = commands(ROOT / "README.md")
    ci = (ROOT / ".ci/run").read_text().splitlines()
    assert shown[0] == "pip install . && gaugeblock check"
    assert shown[-1] in ci
    assert shlex.split(shown[-1])[:2] == ["pip", "install"]


def test_the_readme_is_read_in_a_few_minutes():
    lines = README.splitlines()
    assert len(lines) <= 140
    assert max(map(len, lines)) <= 120


def test_the_softmax_of_the_readme_is_right_on_random_numbers():
    """As the README says; what it is wrong on, the report says."""
    names = {}
    exec(next(text for language, text in blocks(ROOT / "README.md") if language == "python"), names)
    x = np.random.default_rng(0).normal(size=(1000, 1000)).astype(np.float32)
    np.testing.assert_allclose(names["softmax"](x), reference.softmax(x), rtol=1e-6)


def test_the_report_of_the_readme_is_that_of_the_guide():
    """`python examples/report.py` writes it anew. The guide, whose commands are run, has the same softmax."""
    (text,) = (text for language, text in blocks(ROOT / "README.md") if language == "text")
    command, *lines = text.splitlines()
    assert lines[-1].startswith("mykernels.py does not conform: ")
    guide = (ROOT / "docs/judge_your_kernel.md").read_text()
    diagnosis = next(line for line in lines if line.startswith("MOST LIKELY"))
    assert {command, diagnosis, lines[-1]} <= set(guide.splitlines())
    assert names_of_files(README) == names_of_files(guide)


def names_of_files(page):
    return set(re.findall(r"^# (\w+\.py)\n(?=import)", page, re.M))


def test_the_figures_of_the_readme_are_those_that_were_measured():
    measured = (ROOT / "benchmarks/README.md").read_text()
    (alone, _), (fixed,), (onnx,) = (
        [[int(word) for word in re.findall(r"\d+", line)] for line in lines.splitlines() if line.startswith("| all |")]
        for lines in (
            measured.partition(f"<!-- {name}: ")[2].partition("<!-- end")[0] for name in ("alone", "fixed", "onnx")
        )
    )
    mutants, random, chosen, nothing = alone[0], alone[1], alone[2], alone[7]
    wrong, derived, _, loose, right, right_derived, _, right_loose = fixed
    assert right_derived == 0
    for words in (
        f"random inputs reject {random / mutants:.0%} of the wrong implementations, and the chosen",
        f"inputs {chosen / mutants:.0%}. ",
        f"`rtol=1e-3` with `atol=1e-7` rejects {loose / wrong:.0%} of the wrong implementations, and",
        f"and {right_loose / right:.0%} of the right ones too. The",
        f"The derived tolerance rejects {derived / wrong:.0%} of the wrong ones and no right one",
        f"Nothing rejects the other {nothing / mutants:.0%}",
        f"reject {onnx[4]}% of those that they can judge",
    ):
        assert words in " ".join(README.replace(" %", "%").split()), words
    kept = sum(
        map(int, re.findall(r"^## \w+: (\d+) mutants", (ROOT / "conformance/mutants/MATRIX.md").read_text(), re.M))
    )
    assert f"[{kept // 100 * 100} known mistakes]" in README
    assert f"[more than {kept // 100 * 100} mistakes]" in (ROOT / "docs/verified.md").read_text()
    seeds = measured.partition("| rewrites |")[2].partition("\n\n")[0].splitlines()[2:]
    assert {line.split("|")[5].strip() for line in seeds} == {"0"}
    assert len(seeds) > 20


def test_every_file_that_a_document_links_to_is_there():
    for page in (*PAGES, ROOT / "CHANGELOG.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), (page.name, target)


PUBLIC = [assert_conforms, assert_gauged, check, expected, formula, judge_outputs, load, tolerances]
FORMULAS = [getattr(reference, name) for name in reference.FORMULAS]


def failed_examples(function):
    """How many examples of a docstring fail; there has to be one."""
    names = dict(vars(inspect.getmodule(function)), np=np, reference=reference)
    (example,) = doctest.DocTestFinder(recurse=False).find(function, function.__name__, globs=names)
    assert example.examples, function
    return doctest.DocTestRunner(verbose=False).run(example).failed


@pytest.mark.parametrize("function", PUBLIC + FORMULAS, ids=lambda each: each.__name__)
def test_the_examples_of_docstrings_run(function):
    assert failed_examples(function) == 0


def test_an_example_that_is_wrong_is_seen(capsys):
    def softmax(x):
        """>>> reference.softmax(np.asarray([7.0, 7.0]))
        array([0.5, 0.25])
        """

    assert failed_examples(softmax) == 1


def test_the_changelog_names_the_version():
    text = (ROOT / "CHANGELOG.md").read_text()
    project = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.M)
    assert project
    assert f"## {project[1]} (specification {spec.VERSION})" in text
    assert f'__version__ = "{project[1]}"' in (ROOT / "src/gaugeblock/__init__.py").read_text()
