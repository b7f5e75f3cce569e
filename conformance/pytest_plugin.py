"""The pytest side: the option that names a subject, one test for each requirement, and fixtures for none of it.

``pytest --pyargs gaugeblock.conformance --gaugeblock-subject torch`` runs ``test_requirements.py`` and
``test_properties.py`` beside this module.
"""

from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
OPTION = "--gaugeblock-subject"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("gaugeblock").addoption(
        OPTION,
        action="append",
        metavar="SUBJECT",
        help="what to judge: a backend's name, a file.py or package.module:object; may be repeated (default: numpy)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a subject that cannot be loaded, in one line."""
    names: list[str] = config.getoption(OPTION) or []
    if not names:
        return
    from .subject import Subject, SubjectError

    try:
        for name in names:
            Subject(name)
    except SubjectError as error:
        raise pytest.UsageError(f"{OPTION}: {error}") from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each subject and requirement, or property, named by the label."""
    if metafunc.definition.path.resolve().parent != HERE or "label" not in metafunc.fixturenames:
        return
    if metafunc.definition.path.name == "test_properties.py":
        from .properties import PROPERTIES

        labels = list(PROPERTIES)
    else:
        from .. import spec

        labels = [r.label for name in spec.formulas() for r in spec.requirements(name).values() if not r.own]
    subjects = metafunc.config.getoption(OPTION) or ["numpy"]
    pairs = [(subject, label) for subject in subjects for label in labels]
    names = [label if len(subjects) == 1 else f"{subject}-{label}" for subject, label in pairs]
    metafunc.parametrize(("subject", "label"), pairs, ids=names)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run in which nothing was judged is no pass."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None or not session.config.getoption(OPTION) or session.exitstatus != pytest.ExitCode.OK:
        return
    if terminal.stats.get("skipped") and not terminal.stats.get("passed"):
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
