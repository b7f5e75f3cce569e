"""The tests of this folder: one for each subject and requirement, or property, named by the label."""

import pytest

from gaugeblock import spec
from gaugeblock.conformance.formulas.requirements import requirements
from gaugeblock.conformance.judging.selection import chosen_formulas
from gaugeblock.conformance.suite.plugin import subjects
from gaugeblock.pytest_plugin import FORMULA


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = chosen_formulas(metafunc.config.getoption(FORMULA), spec.VERSION)
    if metafunc.definition.path.name == "test_properties.py":
        from gaugeblock.conformance.suite.properties import properties_of

        labels = [(label, formula) for formula in chosen for label in properties_of(formula)]
    else:
        every = [(each, formula) for formula in chosen for each in requirements(formula).values()]
        labels = [(each.label, formula) for each, formula in every if not each.own]
    named = subjects(metafunc.config)
    triples = [(subject, label, formula) for subject in named for label, formula in labels]
    names = [label if len(named) == 1 else f"{subject}-{label}" for subject, label, _ in triples]
    metafunc.parametrize(("subject", "label", "formula"), triples, ids=names)
