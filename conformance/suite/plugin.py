"""The pytest side where one of its options is used; they are in ``gaugeblock.pytest_plugin``."""

import pytest

from ...pytest_plugin import DEVICE, DTYPE, FORMULA, SUBJECT
from ..judging.check import selection
from ..judging.loading import SubjectError


def subjects(config: pytest.Config) -> list[str]:
    """What is judged."""
    return config.getoption(SUBJECT) or ["numpy"]


def pytest_configure(config: pytest.Config) -> None:
    """Refuse what cannot be judged, in one line."""
    try:
        for name in subjects(config):
            selection(name, config.getoption(FORMULA), config.getoption(DTYPE), config.getoption(DEVICE))
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
