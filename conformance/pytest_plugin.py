"""The pytest side: the options of `gaugeblock check`, one test for each requirement, and fixtures for none of it.

``pytest --pyargs gaugeblock.conformance --gaugeblock-subject torch`` runs ``test_requirements.py`` and
``test_properties.py`` in the folder `suite`.
"""

from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent / "suite"
SUBJECT, FORMULA, DTYPE, DEVICE = (f"--gaugeblock-{name}" for name in ("subject", "formula", "dtype", "device"))


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gaugeblock", "gaugeblock: with --pyargs gaugeblock.conformance, as in `gaugeblock check`")
    what = "what to judge: a backend's name, a file.py or package.module:object; may be repeated (default: numpy)"
    group.addoption(SUBJECT, action="append", metavar="SUBJECT", help=what)
    group.addoption(FORMULA, action="append", metavar="NAME", help="judge this formula only; may be repeated")
    group.addoption(DTYPE, action="append", metavar="NAME", help="judge in this dtype only; may be repeated")
    group.addoption(DEVICE, metavar="NAME", help="judge on this device of the library")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse what cannot be judged, in one line."""
    if not any(map(config.getoption, (SUBJECT, FORMULA, DTYPE, DEVICE))):
        return
    from .judging.check import selection
    from .judging.loading import SubjectError

    try:
        for name in subjects(config):
            selection(name, config.getoption(FORMULA), config.getoption(DTYPE), config.getoption(DEVICE))
    except SubjectError as error:
        raise pytest.UsageError(f"{SUBJECT}: {error}") from None
    except ValueError as error:
        raise pytest.UsageError(f"--gaugeblock-{error}") from None


def subjects(config: pytest.Config) -> list[str]:
    """What is judged."""
    return config.getoption(SUBJECT) or ["numpy"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each subject and requirement, or property, named by the label."""
    if metafunc.definition.path.resolve().parent != HERE or "label" not in metafunc.fixturenames:
        return
    if metafunc.definition.path.name == "test_properties.py":
        from .suite.properties import PROPERTIES

        labels = list(PROPERTIES)
    else:
        from .. import spec

        labels = [r.label for name in spec.formulas() for r in spec.requirements(name).values() if not r.own]
    formulas = metafunc.config.getoption(FORMULA)
    if formulas is not None:
        labels = [label for label in labels if label.partition(".")[0] in formulas]
    named = subjects(metafunc.config)
    pairs = [(subject, label) for subject in named for label in labels]
    names = [label if len(named) == 1 else f"{subject}-{label}" for subject, label in pairs]
    metafunc.parametrize(("subject", "label"), pairs, ids=names)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run in which nothing was judged is no pass."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None or not session.config.getoption(SUBJECT) or session.exitstatus != pytest.ExitCode.OK:
        return
    if terminal.stats.get("skipped") and not terminal.stats.get("passed"):
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
