"""The versions of the specification: what each has, what is judged by an earlier one, and what may be claimed."""

import hashlib
import json
import re
import shutil
import types
from pathlib import Path

import numpy as np
import pytest

import gaugeblock as gb
from gaugeblock import spec
from gaugeblock.conformance import check, mutants
from gaugeblock.conformance.arithmetic.rounding import MODELS
from gaugeblock.conformance.exchange import answers

HERE = Path(__file__).parent
PUBLISHED = (HERE / "published_requirements.txt").read_text().splitlines()
OLD = {version: HERE / f"vectors_{version}" for version in ("1.2", "1.3", "1.4")}  # as they were published
EVERY = [r for formula in spec.formulas() for r in spec.all_requirements(formula).values()]


def line(requirement):
    """A requirement as the list of those that were published has it: its text stands for its meaning."""
    digest = hashlib.sha256(requirement.text.encode()).hexdigest()[:16]
    return f"{requirement.label} {requirement.changed or requirement.since} {digest}"


def subject(**functions):
    return types.SimpleNamespace(__name__="subject", **functions)


# What each version has.


def test_every_requirement_that_was_ever_published_is_on_its_page_with_its_meaning():
    missing = sorted(set(map(line, EVERY)) - set(PUBLISHED))
    assert not missing, "a new requirement, or a new meaning with its `(changed in ...)`: add these lines to the list"
    gone = {published.split()[0] for published in PUBLISHED} - {requirement.label for requirement in EVERY}
    assert not gone, "a requirement that goes is kept, with its `(withdrawn in ...)`, under the page's Withdrawn"


def test_a_meaning_is_changed_with_a_later_version():
    meanings = [published.split()[:2] for published in PUBLISHED]
    for label in {label for label, _ in meanings}:
        versions = [version for each, version in meanings if each == label]
        assert versions == sorted(set(versions), key=spec.VERSIONS.index), label


def test_the_versions_that_a_page_names_are_there_and_in_order():
    for each in EVERY:
        named = [version for version in (each.since, each.changed, each.withdrawn) if version]
        assert named == sorted(set(named), key=spec.VERSIONS.index), each.label


def test_withdrawn_requirements_stand_apart():
    for formula in spec.formulas():
        present, _, withdrawn = spec.page(formula).partition("\n## Withdrawn\n")
        for label, each in spec.all_requirements(formula).items():
            assert f"**{label}**" in (withdrawn if each.withdrawn else present)


COUNTS = [("1.0", 6, 90), ("1.1", 9, 137), ("1.2", 17, 256), ("1.4", 17, 270), ("1.5", 33, 449)]


@pytest.mark.parametrize(("version", "formulas", "requirements"), COUNTS)
def test_what_a_version_had_stays(version, formulas, requirements):
    """The counts are those of the pages as they were committed."""
    found = spec.formulas(version)
    assert len(found) == formulas
    assert sum(len(spec.requirements(formula, version)) for formula in found) == requirements


def test_every_dtype_has_its_first_version():
    assert list(spec.DTYPES) == list(MODELS)
    assert spec.dtypes("1.1") == ("float32", "float64")
    assert spec.dtypes() == tuple(MODELS)


def test_the_marks_of_a_requirement_are_read():
    marks = "(gaugeblock's own functions only) (since 1.1) (changed in 1.2) (withdrawn in 1.3)"
    (found,) = spec.REQUIREMENT.finditer(f"- **relu.old** {marks}: y is 0.")
    assert found.groupdict() == {
        "label": "relu.old",
        "own": " (gaugeblock's own functions only)",
        "since": "1.1",
        "changed": "1.2",
        "withdrawn": "1.3",
        "text": "y is 0.",
    }
    old = spec.Requirement("relu.old", "y is 0.", False, "1.1", "1.2", "1.3")
    assert old.history == "since 1.1, changed in 1.2, withdrawn in 1.3"
    assert [old.is_in(version) for version in ("1.0", "1.1", "1.2", "1.3")] == [False, True, True, False]
    assert [old.changed_after(version) for version in ("1.0", "1.1", "1.2", "1.3")] == [True, True, False, False]
    assert not spec.REQUIREMENT.search("- **relu.old** (sinc 1.1): y is 0.")


def test_the_page_about_versions_has_each_of_them():
    text = (HERE.parent / "docs/versions.md").read_text()
    assert re.findall(r"^\| \*\*(\d+\.\d+)\*\* \|", text, re.M) == list(spec.VERSIONS)
    for label in {each.label for each in EVERY if each.changed}:
        assert f"`{label}`" in text or f"`*.{label.partition('.')[2]}`" in text, label


# What is judged.


def test_an_earlier_version_is_judged_by_what_it_required():
    (wrong,) = (m for m in mutants.mutants("adam") if m.name == "adam_step__compensated")
    assert wrong.requirement == "adam.resumed"
    late = subject(adam_step=wrong.call, relu=gb.relu, relu_vjp=gb.relu_vjp)
    assert not check(late, dtypes=["float32"], formulas=["adam"]).passed
    found = check(late, dtypes=["float32"], version="1.0")
    assert found.passed
    assert {r.formula for r in found.results} == set(spec.formulas("1.0"))
    assert {r.requirement for r in found.results} == {r.label for r in EVERY if r.since == "1.0" and not r.own}
    assert not any(case.startswith(("adam.trajectory", "adam.resumed")) for r in found.results for case in r.cases)
    assert found.to_dict()["spec"] == "1.0"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"version": "0.9"}, r"spec: got '0\.9'; wanted one of 1\.0, 1\.1, 1\.2"),
        (
            {"version": "1.1", "formulas": ["relu_vjp"]},
            r"formula of specification 1\.1: got 'relu_vjp'; did you mean 'relu'",
        ),
        (
            {"version": "1.1", "dtypes": ["float16"]},
            r"dtype of specification 1\.1: got 'float16'; wanted one of float3",
        ),
    ],
)
def test_what_a_version_does_not_have_is_one_line(options, words):
    with pytest.raises(ValueError, match=words):
        check("numpy", **options)


def test_half_precision_is_not_judged_where_the_version_has_none():
    half = subject(relu=gb.relu, dtypes=["float16", "float32"])
    assert {r.dtype for r in check(half, version="1.1").results} == {"float32"}
    assert {r.dtype for r in check(half, version="1.2").results} == {"float16", "float32"}


# What may be claimed.


def last_axis_only(x, *, axis=-1):
    if axis not in (-1, x.ndim - 1):
        raise NotImplementedError("the last axis only")
    return gb.softmax(x)


def not_empty(x):
    if x.size == 0:
        raise NotImplementedError("no empty arrays")
    return gb.relu(x)


@pytest.mark.thorough
def test_numpy_may_claim_every_formula():
    found = check("numpy")
    assert found.complete == list(spec.formulas())
    assert found.claim.startswith(f"conforms to gaugeblock spec {spec.VERSION}: adam, adamw_step, ")
    assert found.claim.endswith(f"{spec.formulas()[-1]} (float32, float64)")


@pytest.mark.parametrize(
    ("less", "lacking"),
    [
        ({"relu": not_empty}, "relu"),  # a requirement that is not offered
        ({"softmax": last_axis_only}, "softmax"),  # requirements of which a part is not offered
        ({"softmax": lambda x, *, axis=-1: np.nan_to_num(gb.softmax(x, axis=axis))}, "softmax"),  # one is not met
        ({"neuron": lambda x, w, b: gb.dense(x, w, b) if x.dtype == np.float32 else gb.neuron(x, w, b)}, "neuron"),
    ],
    ids=["not_offered", "in_part", "fails", "fails_in_one_dtype"],
)
def test_only_complete_formulas_are_claimed(less, lacking):
    whole = {"relu": gb.relu, "softmax": gb.softmax, "neuron": gb.neuron}
    everything = check(subject(**whole), formulas=list(whole))
    assert everything.claim == f"conforms to gaugeblock spec {spec.VERSION}: relu, softmax, neuron (float32, float64)"
    found = check(subject(**{**whole, **less}), formulas=list(whole))
    assert found.complete == [name for name in whole if name != lacking]
    assert lacking not in found.claim


def test_there_is_no_claim_without_a_complete_formula():
    found = check(subject(relu=not_empty))
    assert found.passed
    assert (found.complete, found.claim) == ([], "")


def test_a_claim_says_on_what_conditions():
    flushing = subject(relu=gb.relu, dtypes=["float32"], subnormals="flush", layouts={})
    wanted = (
        f"conforms to gaugeblock spec {spec.VERSION}: relu (float32; subnormals flushed; memory layouts do not apply)"
    )
    assert check(flushing).claim == wanted
    found = check(subject(adam_step=gb.adam_step), formulas=["adam"])
    found.results = [r for r in found.results if r.requirement != "adam.donate"]
    declined = found.results[0]._replace(requirement="adam.donate", status="not offered", reason="it is not taken")
    found.results.append(declined)
    assert found.claim == f"conforms to gaugeblock spec {spec.VERSION}: adam (float32, float64; no donate)"
    found.results[-1] = declined._replace(status="fail")
    assert found.claim == ""
    found = check(subject(dense=gb.dense), formulas=["dense"], version="1.0")
    changed = "dense.exact as of 1.2; dense.infinity as of 1.4; dense.layout as of 1.4; dense.pure as of 1.4"
    assert found.claim == f"conforms to gaugeblock spec 1.0: dense (float32, float64; {changed})"


# Vectors of earlier versions.


def judge_old(tmp_path, change=lambda results: None, folder=OLD["1.2"], file="neuron/float32.json"):
    cases = json.loads((folder / file).read_text())["cases"]
    results = {case["case"]: dict(case["expected"]) for case in cases}
    change(results)
    (tmp_path / "results.json").write_text(json.dumps({file: results}))
    return answers.judge_answers(folder, tmp_path / "results.json")


@pytest.mark.parametrize(("version", "formula", "least"), [("1.3", "softmax", 30), ("1.4", "neuron", 20)])
def test_the_vectors_of_later_versions_are_judged_too(version, formula, least, tmp_path):
    report, missing = judge_old(tmp_path, folder=OLD[version], file=f"{formula}/float32.json")
    assert (report.passed, missing, report.to_dict()["spec"]) == (True, [], version)
    assert report.judged > least


def test_old_vectors_are_judged_by_their_own_version(tmp_path):
    report, missing = judge_old(tmp_path)
    assert report.passed
    assert not missing
    assert report.judged > 20
    assert report.to_dict()["spec"] == "1.2"
    assert {r.requirement for r in report.results} == {
        r.label for r in spec.requirements("neuron", "1.2").values() if not r.own
    }
    assert report.claim == ""  # what is about memory cannot be judged from files

    def spoil(results):
        results["neuron.value/random_seed_0_0"]["y"] = results["neuron.value/random_seed_0_0"]["y"][::-1]

    spoiled, _ = judge_old(tmp_path, spoil)
    assert {r.requirement for r in spoiled.results if r.status == "fail"} == {"neuron.value"}


@pytest.mark.parametrize(
    ("version", "words"),
    [("9.9", "got schema 1, specification 9.9; wanted schema 1, specification 1.0 or"), (None, "None")],
)
def test_vectors_of_no_version_are_refused(version, words, tmp_path):
    folder = shutil.copytree(OLD["1.2"], tmp_path / "vectors")
    path = folder / "neuron/float32.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "spec": version}))
    (folder / "MANIFEST").write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  neuron/float32.json\n")
    with pytest.raises(answers.VectorsError, match=re.escape(words)):
        judge_old(tmp_path, folder=folder)


def test_vectors_of_two_versions_are_refused(tmp_path):
    folder = shutil.copytree(OLD["1.2"], tmp_path / "vectors")
    (folder / "neuron/other.json").write_text('{"schema": 1, "spec": "1.1"}')
    names = "neuron/float32.json", "neuron/other.json"
    sums = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (folder / "MANIFEST").write_text("".join(sums))
    with pytest.raises(answers.VectorsError, match=r"got vectors of 1\.1 and 1\.2; wanted those of one"):
        judge_old(tmp_path, folder=folder)
