"""The pytest side where one of its options is used; they are in ``gaugeblock.pytest_plugin``."""

from typing import Any

import pytest

from ... import reference, spec
from ...pytest_plugin import DEVICE, DTYPE, FORMULA, SUBJECT
from ..formulas import functions_of
from ..judging.loading import SubjectError
from ..judging.remote import Isolated
from ..judging.selection import chosen_dtypes, chosen_formulas

LOADED: dict[tuple[str, Any], Isolated] = {}  # the subjects, whose processes all tests share


def subjects(config: pytest.Config) -> list[str]:
    """What is judged."""
    return config.getoption(SUBJECT) or ["numpy"]


def loaded(config: pytest.Config, name: str) -> Isolated:
    """A subject in a process of its own, which ends with the tests."""
    key = name, config.getoption(DEVICE)
    if key not in LOADED:
        chosen = chosen_formulas(config.getoption(FORMULA), spec.VERSION)
        names = [each.name for formula in chosen for each in functions_of(formula) if not each.is_own]
        LOADED[key] = Isolated(*key, names or reference.FORMULAS)
    return LOADED[key]


def pytest_unconfigure() -> None:
    """End the processes."""
    for subject in LOADED.values():
        subject.close()
    LOADED.clear()


def pytest_configure(config: pytest.Config) -> None:
    """Refuse what cannot be judged, in one line."""
    try:
        for name in subjects(config):
            chosen_dtypes(loaded(config, name), config.getoption(DTYPE), spec.VERSION)
    except SubjectError as error:
        raise pytest.UsageError(f"{SUBJECT}: {error}") from None
    except ValueError as error:
        raise pytest.UsageError(f"--gaugeblock-{error}") from None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run in which nothing was judged is no pass."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None or not session.config.getoption(SUBJECT) or session.exitstatus != pytest.ExitCode.OK:
        return
    if terminal.stats.get("skipped") and not terminal.stats.get("passed"):
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
