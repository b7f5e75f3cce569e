"""Mistakes in one kind of input: each kind rejects some that no other kind does, as the published table says."""

from pathlib import Path

import numpy as np
import pytest
from made import failures, subject_of

from gaugeblock import spec
from gaugeblock.conformance.cases import made
from gaugeblock.conformance.judging.repeated_calls import called_again
from gaugeblock.conformance.mutants.kinds import MUTANTS
from gaugeblock.conformance.mutants.matrix import kinds

MATRIX = Path(__file__).parent.parent / "conformance/mutants/MATRIX.md"
pytestmark = pytest.mark.whole
OF_KINDS = [(kind, mutant) for kind, of_kind in MUTANTS.items() for mutant in of_kind]


def published():
    """The cells of each row of the table, and the kinds that each mistake fails, by its name."""
    lines = MATRIX.read_text().partition("\n## Kinds of input")[2].splitlines()
    head, _, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("|")]
    return rows, {
        row[0].strip("`"): {kind for kind, mark in zip(head, row, strict=True) if mark == "●"} for row in rows
    }


def failed(kind, mutant):
    """Yield the requirements that such a mistake fails by one kind of cases alone."""
    subject, formula = subject_of(mutant.call, mutant.function), mutant.requirement.partition(".")[0]
    if kind == "again":
        return (label for label, note in called_again(subject, formula, "float32") if note.fails)
    return (finding.requirement for _, finding in failures(subject, formula, "float32", {kind}))


@pytest.mark.one_in(8)
@pytest.mark.parametrize(("kind", "mutant"), OF_KINDS, ids=[mutant.name for _, mutant in OF_KINDS])
def test_a_mistake_in_one_kind_of_input_fails_there(kind, mutant):
    assert mutant.requirement in failed(kind, mutant)


def test_each_kind_of_case_rejects_something_that_no_other_kind_does():
    """The first of the mistakes that only one kind rejects, as the table has it."""
    there = {each.kind for formula in spec.formulas() for each in made(formula, np.dtype("float32"))}
    known, mutants = published()[1], {mutant.name: mutant for _, mutant in OF_KINDS}
    for kind in (there - {"random"}) | {"again"}:
        alone = next(name for name, found in known.items() if found - {"chosen"} == {kind})
        assert kinds(mutants[alone]).kinds - {"chosen"} == {kind}


def test_the_published_matrix_has_the_kinds():
    rows, known = published()
    assert [row[:2] for row in rows] == [[f"`{mutant.name}`", mutant.words] for _, mutant in OF_KINDS]
    assert all(kind in known[mutant.name] for kind, mutant in OF_KINDS)
