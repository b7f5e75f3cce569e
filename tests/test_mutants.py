"""The kill matrix: every mutant is killed, every requirement and every case kills something."""

from pathlib import Path

import numpy as np
import pytest

from gaugeblock import reference, spec
from gaugeblock.conformance.formulas import cases
from gaugeblock.conformance.mutants import mutants
from gaugeblock.conformance.mutants.__main__ import ABOUT, page, table
from gaugeblock.conformance.mutants.matrix import kills

MATRIX = Path(__file__).parent.parent / "conformance/mutants/MATRIX.md"
ALL = [mutant for formula in spec.formulas() for mutant in mutants(formula)]


def judged_labels(formula):
    return [r.label for r in spec.requirements(formula).values() if not r.own]


def test_there_are_enough_and_each_has_a_name_of_its_own():
    assert len(ALL) >= 200
    assert len({mutant.name for mutant in ALL}) == len(ALL)
    assert {mutant.function for mutant in ALL} <= set(reference.FORMULAS)


@pytest.mark.one_in(6)
@pytest.mark.parametrize("formula", spec.formulas()[::-1])  # Adam, which takes longest, is not in the sample
def test_every_mutant_fails_and_every_requirement_and_case_is_needed(formula):
    """One test of a formula, since its mutants are judged once for all of it, in whichever process."""
    every_mutant_fails_the_requirement_that_it_is_tied_to(formula)
    every_requirement_is_the_first_or_the_only_one_that_some_mutant_fails(formula)
    every_case_kills_something(formula)
    the_published_matrix_has_what_each_mutant_fails(formula)


def every_mutant_fails_the_requirement_that_it_is_tied_to(formula):
    alive = [m.name for m in mutants(formula) if not any(m.requirement in found for found in kills(m).labels.values())]
    assert not alive


def every_requirement_is_the_first_or_the_only_one_that_some_mutant_fails(formula):
    needed = set()
    for mutant in mutants(formula):
        for found in kills(mutant).labels.values():
            failed = [label for label in judged_labels(formula) if label in found]
            needed.update(failed[:1])
    assert needed | only_killers(formula) == set(judged_labels(formula))


def only_killers(formula):
    found = [failed for mutant in mutants(formula) for failed in kills(mutant).labels.values()]
    return {label for failed in found if len(failed) == 1 for label in failed}


def every_case_kills_something(formula):
    killers = {case for mutant in mutants(formula) for found in kills(mutant).cases.values() for case in found}
    idle = [c.id for c in cases(formula, np.dtype("float32")) if not any(k.startswith(c.id) for k in killers)]
    assert not idle


def the_published_matrix_has_what_each_mutant_fails(formula):
    published = f"\n{MATRIX.read_text()}".split("\n## ")
    (shown,) = [text for text in published if text.startswith(f"{formula}: ")]
    assert f"## {shown}".rstrip("\n") == table(formula).rstrip("\n")


def test_of_some_formulas_the_rest_of_the_page_stands():
    assert page(["relu"]) == MATRIX.read_text()


def test_the_published_matrix_has_the_formulas_and_no_more():
    text = MATRIX.read_text()
    assert text.startswith(ABOUT)
    heads = [line[3:].partition(":")[0] for line in text.splitlines() if line[:3] == "## "]
    assert heads == [*spec.formulas(), "Kinds of input"]


def test_a_mutant_that_is_right_would_be_found():
    right = mutants("softmax")[0]._replace(name="softmax__right", call=reference.softmax)
    assert not any(kills(right).labels.values())


def test_no_published_mutant_fails_nothing():
    rows = [line for line in MATRIX.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert not [line for line in rows if set("".join(line.split("|")[3:])) == {" "}]
    assert len(rows) > len(ALL)  # those of the kinds of input are after them
