"""Shared by all tests: Hypothesis is deterministic, and most verdicts are on the chosen cases alone."""

import atexit
import os
import shutil
import tempfile

import pytest
from hypothesis import settings

from gaugeblock.conformance.cli.cache import use_cache
from gaugeblock.conformance.judging import check, judge, kept

settings.register_profile("deterministic", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("deterministic")

# What is expected is computed once in a run of the tests, and what JAX compiles too: its processes share a new folder.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ[kept.FOLDER] = tempfile.mkdtemp(prefix="gaugeblock-tests-")
    atexit.register(shutil.rmtree, os.environ[kept.FOLDER], ignore_errors=True)
use_cache(True)

# The made cases and the calls that are made again take most of a verdict's time. They have tests of their own, and
# those of everything else, which judge thousands of subjects, do without; a test marked `whole` has whole verdicts.
WHOLE = judge.made_cases, check.called_again


def set_parts(made_cases, called_again):
    judge.made_cases, check.called_again = made_cases, called_again


def nothing(*_):
    return iter(())


def pytest_collection_modifyitems(items):
    """Tests that judge the mutants of one formula go to one process, which judges each once."""
    for item in items:
        if item.path.stem in ("test_diagnosis", "test_mutants") and hasattr(item, "callspec"):
            item.add_marker(pytest.mark.xdist_group(item.callspec.params.get("formula")))


def pytest_configure(config):
    config.addinivalue_line("markers", "whole: judges by the made cases too, and calls again")
    set_parts(nothing, nothing)


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
