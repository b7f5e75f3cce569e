"""What other tools read: JUnit XML, the badge, annotations; and the comparison of two reports."""

import copy
import json
import os
import re
import types
from xml.etree import ElementTree

import numpy as np
import pytest

import gaugeblock as gb
from gaugeblock import spec
from gaugeblock.conformance import check
from gaugeblock.conformance.cli.app import app
from gaugeblock.conformance.reporting import compare
from gaugeblock.conformance.reporting.citation import citation
from gaugeblock.conformance.reporting.compare import Verdict, changes, paired
from gaugeblock.conformance.reporting.formats import annotations, to_badge, to_junit, to_summary
from gaugeblock.conformance.reporting.report import to_document


def identity(x):
    return x


def only_on_matrices(x):
    if x.ndim != 2:
        raise NotImplementedError("matrices <only>")
    return np.maximum(x, 0)


@pytest.fixture(scope="module")
def document():
    subjects = [types.SimpleNamespace(__name__=f.__name__, relu=f) for f in (identity, only_on_matrices)]
    return to_document([check(each, formulas=["relu", "softmax"]) for each in subjects], "", ["third: 100% broken"])


def test_junit_has_a_test_for_each_requirement_and_dtype_of_what_is_offered(document):
    suites = ElementTree.fromstring(to_junit(document))
    for suite, report in zip(suites, document["reports"], strict=False):
        results = [result for result in report["results"] if result["formula"] == "relu"]
        assert len(results) < len(report["results"])
        tests = suite.findall("testcase")
        assert [test.get("name") for test in tests] == [f"{r['requirement']} [{r['dtype']}]" for r in results]
        assert {test.get("classname") for test in tests} == {report["subject"]}
        assert [float(test.get("time")) for test in tests] == [result["seconds"] for result in results]
        assert float(suite.get("time")) == pytest.approx(sum(result["seconds"] for result in results))
        for test, result in zip(tests, results, strict=True):
            failure, skipped = test.find("failure"), test.find("skipped")
            assert (failure is not None) == (result["status"] == "fail")
            assert (skipped is not None) == (result["status"] == "not offered")
            if failure is not None:
                assert failure.text == spec.requirement(result["requirement"]).text
                assert result["worst"]["case"] in failure.get("message")
                assert result["diagnosis"] in failure.get("message")
            if skipped is not None:
                assert skipped.get("message") == result["reason"]
        counts = [len(suite.findall(tag)) for tag in ("testcase", "testcase/failure", "testcase/skipped")]
        assert [int(suite.get(key)) for key in ("tests", "failures", "skipped")] == counts
        assert counts[2] == sum(result["status"] == "not offered" for result in results)
    assert int(suites[0].get("failures")) > 1
    assert int(suites[1].get("skipped")) > 1
    assert suites[2].find("testcase/error").get("message") == "third: 100% broken"


def test_junit_has_the_claim_and_the_citation(document):
    suite = ElementTree.fromstring(to_junit(document))[0]
    properties = {each.get("name"): each.get("value") for each in suite.find("properties")}
    assert properties == {"claim": "", "citation": citation()}


def test_the_badge_has_the_claim_of_a_single_subject_at_length():
    report = check(types.SimpleNamespace(__name__="mine", relu=gb.relu))
    badge = ElementTree.fromstring(to_badge(to_document([report])))
    assert badge.get("aria-label") == f"gaugeblock: {report.claim}"
    assert report.claim.startswith(f"conforms to gaugeblock spec {spec.VERSION}: relu (")
    assert ">conforms<" in to_badge(to_document([report]))
    assert "spec" not in to_badge(to_document([report], errors=["another could not be judged"]))


def without(document, subjects=(), errors=True):
    changed = copy.deepcopy(document)
    changed["reports"] = [r for r in changed["reports"] if r["subject"] not in subjects]
    changed["errors"] = changed["errors"] if errors else []
    return changed


@pytest.mark.parametrize(
    ("subjects", "errors", "words"),
    [
        (["identity"], False, "conforms in part"),
        ([], False, "fails 1 of 1"),
        (["identity"], True, "not judged"),
        (["identity", "only_on_matrices"], False, "not judged"),
    ],
)
def test_the_badge_is_the_verdict_on_all_subjects(document, subjects, errors, words):
    badge = ElementTree.fromstring(to_badge(without(document, subjects, errors)))
    name = "{http://www.w3.org/2000/svg}"
    assert badge.find(f"{name}title").text == badge.get("aria-label") == f"gaugeblock: {words}"
    assert badge.get("role") == "img"
    assert [text.text for text in badge.iter(f"{name}text")] == ["gaugeblock", words]


def test_annotations_are_escaped(document):
    changed = copy.deepcopy(document)
    changed["reports"][0]["subject"] = "C:\\my, own%.py"
    lines = list(annotations(changed))
    failed = {r["requirement"] for report in changed["reports"] for r in report["results"] if r["status"] == "fail"}
    assert len(lines) == 1 + len(failed)
    assert lines[0] == "::error title=gaugeblock::third: 100%25 broken"
    line = identity.__code__.co_firstlineno
    where = f"file={os.path.relpath(__file__)},line={line},"
    assert lines[1].startswith(f"::error {where}title=C%3A\\my%2C own%25.py%3A relu.")
    assert all("%0A" in line and "\n" not in line for line in lines[1:])


def test_annotations_are_at_most_ten_and_the_tenth_counts_the_others(document):
    several = {**document, "errors": [f"{number} is broken" for number in range(9)]}
    assert len(list(annotations({**several, "reports": []}))) == 9
    lines = list(annotations({**several, "errors": several["errors"] * 2}))
    assert len(lines) == 10
    failed = {r["requirement"] for r in document["reports"][0]["results"] if r["status"] == "fail"}
    assert lines[-1].startswith(f"::error title=gaugeblock::{18 + len(failed) - 9} more requirements fail")


def test_what_is_known_to_fail_is_neither_annotated_nor_a_failure(document):
    changed = copy.deepcopy(document)
    known = {r["requirement"]: "kept | so" for r in changed["reports"][0]["results"] if r["status"] == "fail"}
    changed["reports"][0]["known"] = known
    assert len(list(annotations(changed))) == 1
    suite = ElementTree.fromstring(to_junit(changed))[0]
    assert suite.get("failures") == "0"
    assert {each.get("message") for each in suite.iter("skipped")} == {"known: kept | so"}


def test_the_summary_is_a_table_of_what_fails(document):
    changed = copy.deepcopy(document)
    changed["reports"][0]["subject"] = "a|b<c>.py"
    text = to_summary(changed)
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line.startswith("|")]
    assert {len(row) for row in rows} == {3, 4}
    assert "a&#124;b&#60;c&#62;.py" in text
    assert "does not conform" in text
    assert "third: 100% broken" in text
    failed = {r["requirement"] for r in document["reports"][0]["results"] if r["status"] == "fail"}
    assert {row[1].strip(" `") for row in rows if len(row) == 4} == {"fails", "---", *failed}


KEY = ("mine", "relu", "float32", "relu.value")


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        (["k1.py"], ["./k1.py"], True),
        (["k1.py"], ["/home/me/k1.py"], True),
        (["a/k1.py", "b/k1.py"], ["/x/a/k1.py", "./b/k1.py"], True),
        (["old.py"], ["new.py"], True),  # lone subjects
        (["numpy", "k1.py"], ["numpy", "./k1.py"], True),
        (["numpy", "old.py"], ["numpy", "new.py"], False),
        (["k1.py", "numpy"], ["a/k1.py", "b/k1.py"], False),
        (["k.py:f", "numpy"], ["./k.py:f", "numpy"], True),
        (["k.py:f", "numpy"], ["k.py:g", "numpy"], False),
    ],
)
def test_subjects_pair_by_what_was_judged(before, after, same):
    verdict = Verdict("pass", 0.5)
    old, new = ({(name, *KEY[1:]): verdict for name in names} for names in (before, after))
    assert (changes(*paired(old, new)) == []) is same


@pytest.mark.parametrize(
    ("before", "after", "regression"),
    [
        (("pass", 0.5), ("fail", 2.0), True),
        (("pass", 0.5), ("not offered", 0.0), True),
        (("pass", 0.5), None, True),
        (("not offered", 0.0), ("fail", 2.0), True),
        (None, ("fail", 0.0), True),
        (("pass", 0.5), ("pass", 0.9), False),
        (("pass", 0.9), ("pass", 0.5), False),
        (("fail", 2.0), ("fail", float("inf")), False),
        (("fail", 2.0), ("pass", 0.5), False),
        (("fail", 2.0), ("not offered", 0.0), False),
        (None, ("pass", 0.5), False),
    ],
)
def test_a_regression_is_a_new_failure_or_a_lost_pass(before, after, regression):
    old, new = ({} if verdict is None else {KEY: Verdict(*verdict)} for verdict in (before, after))
    (change,) = changes(old, new)
    assert change.regression is regression


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("pass", 0.5), ("pass", 0.5)),
        (("pass", 0.50001), ("pass", 0.50002)),
        (("fail", float("inf")), ("fail", float("inf"))),
        (("not offered", 0.0), None),
    ],
)
def test_what_is_the_same_is_not_shown(before, after):
    old, new = ({} if verdict is None else {KEY: Verdict(*verdict)} for verdict in (before, after))
    assert changes(old, new) == []


def test_the_largest_growth_comes_first_after_the_regressions():
    ratios = {"a": (0.1, 0.9), "b": (0.9, 0.2), "c": (0.1, 0.3), "d": (0.5, 1.1)}
    old = {(name, *KEY[1:]): Verdict("pass", before) for name, (before, _) in ratios.items()}
    new = {(name, *KEY[1:]): Verdict("pass" if after <= 1 else "fail", after) for name, (_, after) in ratios.items()}
    assert [change.key[0] for change in changes(old, new)] == ["d", "a", "c", "b"]


def test_compare_tells_people_programs_and_github(document, tmp_path, capsys, monkeypatch):
    (_, right), old, new = document["reports"], tmp_path / "old.json", tmp_path / "new.json"
    reports = [copy.deepcopy({**right, "subject": "k.py", "places": {"relu": "src/k.py:7"}}) for _ in range(2)]
    broken = next(each for each in reports[1]["results"] if each["status"] == "pass" and each["worst"])
    broken.update(status="fail", ratio="inf")
    for path, report in ((old, reports[0]), (new, reports[1])):
        path.write_text(json.dumps({"reports": [report]}))
    label, dtype, ratio = (
        broken["requirement"],
        broken["dtype"],
        compare.load(old)["k.py", "relu", broken["dtype"], broken["requirement"]].ratio,
    )
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    assert app(["compare", str(old), str(new), "--json", "-"], standalone_mode=False) == 1
    out, err = capsys.readouterr()
    (change,) = json.loads(out)["changes"]
    assert json.loads(out)["regressions"] == 1
    assert (change["requirement"], change["change"], change["after"]) == (
        label,
        "regression",
        {"status": "fail", "ratio": "inf"},
    )
    line = f"{label} in {dtype}: pass {ratio:.3g}, now fail inf"
    assert err.splitlines() == [
        "k.py",
        f"  regression {line}",
        "1 changes, 1 of them regressions",
        f"::error file=src/k.py,line=7,title=k.py%3A regression::{line}",
    ]
    assert (
        f"| k.py | regression | {label} | {dtype} | pass {ratio:.3g} | fail inf |"
        in (tmp_path / "summary.md").read_text()
    )
    assert app(["compare", str(new), str(old), "--json", str(tmp_path / "c.json")], standalone_mode=False) == 0
    assert json.loads((tmp_path / "c.json").read_text())["changes"][0]["change"] == "fixed"
    assert "::error" not in capsys.readouterr().out
