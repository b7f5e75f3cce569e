"""Shared by all tests: Hypothesis is deterministic, and most verdicts are on the chosen cases alone."""

import atexit
import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings

from gaugeblock import spec
from gaugeblock.conformance import cli
from gaugeblock.conformance.cli.cache import use_cache
from gaugeblock.conformance.judging import check, judge, kept_expectations
from gaugeblock.worker.one_thread import VARIABLES

settings.register_profile("deterministic", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("deterministic")

# What is expected is computed once in a run of the tests, and what JAX compiles too: its processes share a new folder.
# Each has one thread: those of several processes would wait for each other, in a loop that takes a core.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ.update(dict.fromkeys(VARIABLES, "1"))
    os.environ[kept_expectations.FOLDER] = tempfile.mkdtemp(prefix="gaugeblock-tests-")
    atexit.register(shutil.rmtree, os.environ[kept_expectations.FOLDER], ignore_errors=True)
use_cache(True)
gc.set_threshold(100_000, 20, 100)  # at its defaults it took a fortieth of the time, since bounds are many objects

# The made cases and the calls that are made again take most of a verdict's time. They have tests of their own, and
# those of everything else, which judge thousands of subjects, do without; a test marked `whole` has whole verdicts.
WHOLE = judge.made_cases, check.called_again


def set_parts(made_cases, called_again):
    judge.made_cases, check.called_again = made_cases, called_again


def nothing(*_):
    return iter(())


# What the tests of such a file share is made once: a site, pages in a browser, compiled proofs, reports, verdicts.
SHARING = {"test_formats", "test_html_report", "test_kinds", "test_proofs", "test_site", "test_terminal"}


def group(name):
    """Tests that share much go to one process; so do those of one formula, whose cases and mutants it then knows."""
    file, of = Path(name.partition("::")[0]).stem, re.split(r"__|[-\[\]]", name.partition("[")[2])
    formulas = [each for each in of if each in spec.formulas() and file not in SHARING]
    return next(iter(formulas), file if file in SHARING else name)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """By groups; marks would not do, which xdist 3.8 writes into a name that pytest 9.2 does not read."""
    from xdist.scheduler import LoadScopeScheduling

    return type("Grouped", (LoadScopeScheduling,), {"_split_scope": staticmethod(group)})(config, log)


def pytest_configure(config):
    set_parts(nothing, nothing)


@pytest.hookimpl(tryfirst=True)  # before those that are not asked for are deselected
def pytest_collection_modifyitems(items):
    """Mark what a test repeats for other formulas and dtypes: the usual run takes a sample, a thorough one the rest."""
    numbers = Counter()
    for item in items:
        if (one_in := item.get_closest_marker("one_in")) is not None:
            (count,) = one_in.args
            if numbers[item.function] % count:
                item.add_marker("thorough")
            numbers[item.function] += 1


def pytest_unconfigure(config):
    set_parts(*WHOLE)


@pytest.fixture(autouse=True)
def _whole(request):
    whole = request.node.get_closest_marker("whole") is not None
    if whole:
        set_parts(*WHOLE)
    yield
    if whole:
        set_parts(nothing, nothing)


@pytest.fixture
def main(monkeypatch, capfd, tmp_path):
    """The command line in this process, which costs no start; what it gives is what a process gives."""

    def called(*arguments, **variables):
        environment = {"NO_COLOR": "1", "FORCE_COLOR": "", "COLUMNS": "120", "GITHUB_ACTIONS": "", **variables}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["gaugeblock", *map(str, arguments)])
        monkeypatch.setattr(sys, "path", [*sys.path])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return subprocess.CompletedProcess(arguments, ended.value.code or 0, *capfd.readouterr())

    return called
