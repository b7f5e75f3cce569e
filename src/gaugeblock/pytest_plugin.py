"""What pytest loads in every project: the options of `gaugeblock check`. The rest is loaded where one is used.

``pytest --pyargs gaugeblock.conformance --gaugeblock-subject torch`` runs the folder ``gaugeblock/conformance/suite``.
"""

from importlib import import_module

import pytest

SUBJECT, FORMULA, DTYPE, DEVICE = (f"--gaugeblock-{name}" for name in ("subject", "formula", "dtype", "device"))


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gaugeblock", "gaugeblock: with --pyargs gaugeblock.conformance, as in `gaugeblock check`")
    what = "what to judge: a backend's name, a file.py or package.module:object; may be repeated (default: numpy)"
    group.addoption(SUBJECT, action="append", metavar="SUBJECT", help=what)
    group.addoption(FORMULA, action="append", metavar="NAME", help="judge this formula only; may be repeated")
    group.addoption(DTYPE, action="append", metavar="NAME", help="judge in this dtype only; may be repeated")
    group.addoption(DEVICE, metavar="NAME", help="judge on this device of the library")


def pytest_configure(config: pytest.Config) -> None:
    """Load the rest where an option is used."""
    if any(map(config.getoption, (SUBJECT, FORMULA, DTYPE, DEVICE))):
        config.pluginmanager.register(import_module("gaugeblock.conformance.suite.plugin"))
