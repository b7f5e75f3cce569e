"""The pages agree with the code: formulas, requirements, forms, definitions and cases."""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

from gaugeblock import reference, spec
from gaugeblock.conformance.arithmetic.rounding import MODELS
from gaugeblock.conformance.formulas import cases, functions_of
from gaugeblock.conformance.formulas.forms import admitted

DTYPES = [np.dtype(name) for name in MODELS]

# Asked of every call, so that no case is about them alone.
OF_EVERY_CALL = {"shape", "dtype", "pure"}


def test_every_reference_function_has_a_page():
    found = {each.name for formula in spec.formulas() for each in functions_of(formula)}
    assert found == set(reference.FORMULAS) - {"adam_init", "sgd_init"}  # which their pages speak of too


@pytest.mark.parametrize("formula", spec.formulas())
def test_a_formula_stands_in_places_of_the_same_name(formula):
    for place in ("spec", "reference.formulas", "conformance.formulas"):
        assert importlib.import_module(f"gaugeblock.{place}.{formula}").__doc__


@pytest.mark.parametrize("formula", spec.formulas())
def test_every_line_that_looks_like_a_requirement_is_one(formula):
    text = spec.page(formula).partition("## Requirements")[2].partition("\n## ")[0]
    text, withdrawn = text.split("\n", 3)[3], spec.page(formula).partition("\n## Withdrawn\n")[2]
    lines = [line for line in (text + withdrawn).splitlines() if line.strip()]
    assert len(lines) == len(spec.all_requirements(formula)) > 5
    assert all(label.startswith(f"{formula}.") for label in spec.requirements(formula))


@pytest.mark.parametrize("formula", spec.formulas())
def test_every_page_has_its_sections(formula):
    headings = re.findall(r"^## (.+)$", spec.page(formula), re.M)
    wanted = ["Requirements", "Bound", "Admitted forms", "Proofs", "Errata", "Rivals", "Sources", "Withdrawn"]
    optional = ("Admitted forms", "Proofs", "Withdrawn")
    assert headings == [h for h in wanted if h in headings or h not in optional]
    sources = spec.page(formula).partition("## Sources")[2].partition("## Withdrawn")[0]
    assert re.search(r"doi:10\.|arXiv:\d{4}\.\d{5}", sources)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("formula", spec.formulas())
def test_every_requirement_has_a_case_and_every_case_a_requirement(formula, dtype):
    asked = {r.label for r in spec.requirements(formula).values() if not r.own}
    asked -= {f"{formula}.{name}" for name in OF_EVERY_CALL}
    assert {case.requirement for case in cases(formula, dtype)} == asked


@pytest.mark.parametrize("formula", spec.formulas())
def test_case_names_are_unique_and_the_same_in_single_and_double_precision(formula):
    names = {dtype.name: [case.id for case in cases(formula, dtype)] for dtype in DTYPES}
    assert names["float32"] == names["float64"]
    assert names["float16"] == names["bfloat16"]
    assert all(len(set(each)) == len(each) for each in names.values())


@pytest.mark.parametrize("formula", spec.formulas())
def test_chosen_cases_do_not_depend_on_the_seed(formula):
    dtype = np.dtype("float32")
    for a, b in zip(cases(formula, dtype, 0), cases(formula, dtype, 1), strict=True):
        assert (repr(a) == repr(b)) == ("random_seed" not in a.name)


@pytest.mark.parametrize("formula", spec.formulas())
def test_the_admitted_forms_of_the_page_are_those_of_the_code(formula):
    forms = {form for each in functions_of(formula) for dtype in DTYPES for form in admitted(each, dtype)}
    coded = {part for form in forms for part in form.split(" + ")}
    assert coded == set(spec.admitted_forms(formula))


def test_no_definition_imports_the_reference():
    for path in Path(spec.__file__).parent.rglob("*.py"):
        assert "reference" not in re.sub(r'""".*?"""', "", path.read_text(), flags=re.S), path


def test_an_unknown_page_or_requirement_is_one_line():
    for call, name in ((spec.page, "sofmax"), (spec.requirement, "softmax.nam"), (spec.requirement, "nothing.nan")):
        with pytest.raises(ValueError, match=f"got '{name.partition('.')[0]}"):
            call(name)


def test_a_step_has_its_other_name_too():
    assert spec.page("sgd") == spec.page("sgd_step")
    assert spec.requirement("sgd.nan") == spec.requirement("sgd_step.nan")
