"""The tests of this folder: one for each subject and requirement, or property, named by the label."""

import pytest

from gaugeblock import spec
from gaugeblock.conformance.suite.plugin import subjects
from gaugeblock.pytest_plugin import FORMULA


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.path.name == "test_properties.py":
        from gaugeblock.conformance.suite.properties import PROPERTIES

        labels = list(PROPERTIES)
    else:
        labels = [r.label for name in spec.formulas() for r in spec.requirements(name).values() if not r.own]
    formulas = metafunc.config.getoption(FORMULA)
    if formulas is not None:
        labels = [label for label in labels if label.partition(".")[0] in formulas]
    named = subjects(metafunc.config)
    pairs = [(subject, label) for subject in named for label in labels]
    names = [label if len(named) == 1 else f"{subject}-{label}" for subject, label in pairs]
    metafunc.parametrize(("subject", "label"), pairs, ids=names)
