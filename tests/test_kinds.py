"""Mistakes in one kind of input: each kind rejects some that no other kind does, as the published table says."""

from pathlib import Path

import numpy as np
import pytest

from gaugeblock import spec
from gaugeblock.conformance.cases import made
from gaugeblock.conformance.mutants.__main__ import table_of_kinds
from gaugeblock.conformance.mutants.kinds import MUTANTS
from gaugeblock.conformance.mutants.matrix import kinds

MATRIX = Path(__file__).parent.parent / "conformance/mutants/MATRIX.md"
pytestmark = pytest.mark.whole
OF_KINDS = [(kind, mutant) for kind, of_kind in MUTANTS.items() for mutant in of_kind]


@pytest.mark.parametrize(("kind", "mutant"), OF_KINDS, ids=[mutant.name for _, mutant in OF_KINDS])
def test_a_mistake_in_one_kind_of_input_fails_there(kind, mutant):
    assert mutant.requirement in kinds(mutant).requirements
    assert kind in kinds(mutant).kinds


def test_each_kind_of_case_rejects_something_that_no_other_kind_does():
    there = {each.kind for formula in spec.formulas() for each in made(formula, np.dtype("float32"))}
    alone = [kinds(mutant).kinds - {"chosen"} for _, mutant in OF_KINDS]
    assert {kind for found in alone if len(found) == 1 for kind in found} == (there - {"random"}) | {"again"}


def test_the_published_matrix_has_the_kinds():
    assert MATRIX.read_text().endswith(table_of_kinds())
