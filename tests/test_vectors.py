"""The vectors: what a second oracle and the manifest say of them, how they are written, and how answers are judged."""

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from importlib import resources
from math import inf
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import second_oracle
from flint import arb

from gaugeblock import backends, reference, spec
from gaugeblock.conformance import mutants
from gaugeblock.conformance.arithmetic.rounding import MODELS, nearest
from gaugeblock.conformance.exchange import answers, vectors
from gaugeblock.conformance.exchange.program import hexadecimal
from gaugeblock.conformance.formulas import call as call_of
from gaugeblock.conformance.formulas import cases
from gaugeblock.conformance.judging import oracle, tolerance
from gaugeblock.reference import declaration
from gaugeblock.worker.calls import BrokenResultError, call

ROOT = Path(__file__).parent.parent
VECTORS = ROOT / "vectors"
PAGE = (ROOT / "docs/vectors.md").read_text()


def read(name):
    return json.loads((VECTORS / name).read_text())


def validator(name):
    folder = "reporting" if name == "report" else "exchange"
    file = resources.files(f"gaugeblock.conformance.{folder}").joinpath(f"{name}.schema.json")
    schema = json.loads(file.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.fixture
def folder(tmp_path):
    """A copy of the vectors."""
    return shutil.copytree(VECTORS, tmp_path / "vectors")


# What they are.


@pytest.mark.one_in(2)
@pytest.mark.parametrize("formula", spec.formulas())
def test_every_expected_value_is_that_of_the_second_oracle(formula):
    for dtype in MODELS:
        count, wrong = second_oracle.disagreements(VECTORS / formula / f"{dtype}.json")
        assert not wrong
        assert count > 50


def test_the_second_oracle_shares_nothing_with_the_first():
    tree = ast.parse(Path(second_oracle.__file__).read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"itertools", "json", "math", "pathlib", "mpmath"}


@pytest.mark.parametrize("formula", spec.formulas())
def test_a_single_bit_is_found_by_the_second_oracle_and_by_the_manifest(formula, tmp_path):
    rng, name = np.random.default_rng(0), f"{formula}/float32.json"
    path, document = tmp_path / name, read(name)
    path.parent.mkdir()
    (line,) = re.findall(rf"^\w+  {name}\n", (VECTORS / "MANIFEST").read_text(), re.M)
    (tmp_path / "MANIFEST").write_text(line)
    chosen = [case for case in document["cases"] if not {"nan", "infinity", "empty"} & set(case["flags"])]
    for _ in range(4):
        case = json.loads(json.dumps(rng.choice(chosen)))
        expected = case["expected"]
        key = rng.choice([key for key in expected if re.fullmatch(r"[a-z0-9 ]+(\.remainder)?", key) and key != "step"])
        place = rng.integers(len(expected[key]))
        digit = f"{int(expected[key][place], 16) ^ 1 << rng.integers(4):x}"
        expected[key] = expected[key][:place] + digit + expected[key][place + 1 :]
        path.write_text(json.dumps({**document, "cases": [case]}))
        assert second_oracle.disagreements(path)[1] == [f"float32: {case['case']}: {key}"]
        path.write_text(
            json.dumps({**document, "cases": [case if c["case"] == case["case"] else c for c in document["cases"]]})
        )
        with pytest.raises(answers.VectorsError, match=f"{name}: it was changed after MANIFEST"):
            answers.unchanged(tmp_path)


def moved(end, units):
    """An end of an interval, moved by units in its last place."""
    integer, exponent = end.split("p")
    return f"{int(integer, 16) + units:#x}p{exponent}"


@pytest.mark.parametrize("dtype", list(MODELS))
def test_a_certificate_that_is_off_is_found(dtype, tmp_path):
    document = read(f"log_softmax/{dtype}.json")
    case = next(case for case in document["cases"] if case["case"] == "log_softmax.value/one_row")
    right = case["certificate"]
    (lower, *lowers), (upper, *uppers) = right["y.lower"].split(), right["y.upper"].split()
    for wrong in (
        {"y.lower": [moved(upper, 1), *lowers], "y.upper": [moved(upper, 2), *uppers]},
        {"y.lower": [moved(lower, -2), *lowers], "y.upper": [moved(lower, -1), *uppers]},
        {"y.lower": [moved(lower, -(2**65)), *lowers]},
        {"y.upper": [moved(upper, 2**65), *uppers]},
        {"y.lower": [upper, *lowers], "y.upper": [lower, *uppers]},
        {"y.lower": ["nan", *lowers]},
    ):
        case["certificate"] = {**right, **{name: " ".join(ends) for name, ends in wrong.items()}}
        (tmp_path / "changed.json").write_text(json.dumps({**document, "cases": [case]}))
        found = second_oracle.disagreements(tmp_path / "changed.json")[1]
        assert found == [f"{dtype}: log_softmax.value/one_row: the certificate of y"]


@pytest.mark.parametrize("dtype", list(MODELS))
def test_every_element_has_a_narrow_interval(dtype):
    for formula in spec.formulas():
        for case in read(f"{formula}/{dtype}.json")["cases"]:
            certificate, expected = case["certificate"], case["expected"]
            assert certificate["precision"] in {vectors.exact.PRECISION * 2**k for k in range(6)}
            for name in [name.removesuffix(".shape") for name in expected if name.endswith(".shape")]:
                lower, upper = (certificate[f"{name}.{end}"].split() for end in ("lower", "upper"))
                assert len(lower) == len(upper) == np.prod(expected[f"{name}.shape"])
                for a, b in zip(lower, upper, strict=True):
                    low, high = second_oracle.end(a), second_oracle.end(b)
                    narrow = max(abs(low) * 2.0 ** -(MODELS[dtype].precision + 60), second_oracle.LOST)
                    assert a == b or high - low <= narrow, case["case"]


def test_files_without_certificates_are_judged_too(folder, verdict):
    names = [f"adam/{dtype}.json" for dtype in MODELS]
    for name in names:
        document = read(name)
        for case in document["cases"]:
            case.pop("certificate")
        validator("vectors").validate(document)
        (folder / name).write_text(json.dumps(document))
    sums = (f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    (folder / "MANIFEST").write_text("".join(sums))
    found, missing = verdict(expected_answers("adam/float32.json"), folder)
    assert found.passed
    assert not missing


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="NOT RUN: sha256sum is not installed")
def test_the_manifest_is_what_sha256sum_reads(folder):
    command = ["sha256sum", "--strict", "-c", "MANIFEST"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"{name}: OK" for name in vectors.names()[:-1]]


@pytest.mark.parametrize("formula", spec.formulas())
def test_every_file_follows_the_schema_and_every_case_is_in_it_or_left_out(formula):
    schema = validator("vectors")
    for dtype in MODELS:
        document = read(f"{formula}/{dtype}.json")
        schema.validate(document)
        names = [case["case"] for case in document["cases"]]
        assert len(set(names)) == len(names)
        assert sorted([*names, *document["left_out"]]) == sorted(case.id for case in cases(formula, np.dtype(dtype)))
        assert all(case["requirement"] in spec.requirements(formula) for case in document["cases"])


def test_the_schema_refuses_what_is_no_vector():
    document = read("softmax/float32.json")
    case = document["cases"][0]
    for part, key, value in [
        (document, "dtype", "float8"),
        (document, "cases", []),
        (case, "flags", ["strange"]),
        (case, "note", ""),
        (case["expected"], "y", "3f8"),
        (case["expected"], "y.bound", "3f800000"),
        (case["expected"], "other", 1.0),
        (case["inputs"], "x", 1.0),
        (case["certificate"], "precision", 0),
        (case["certificate"], "y.lower", "0x1.8p3"),
        (case["certificate"], "y.upper", "0x1p3  0x1p3"),
    ]:
        before = part.get(key)
        part[key] = value
        with pytest.raises(jsonschema.ValidationError):
            validator("vectors").validate(document)
        part[key] = before
        if before is None:
            del part[key]


def test_there_is_one_nan_and_one_zero():
    patterns = {"float16": "7e00", "bfloat16": "7fc0", "float32": "7fc00000", "float64": "7ff8000000000000"}
    seen = 0
    for formula in spec.formulas():
        for dtype in MODELS:
            for case in read(f"{formula}/{dtype}.json")["cases"]:
                for part in (case["inputs"], case["expected"]):
                    for name in [name for name in part if f"{name}.shape" in part and isinstance(part[name], str)]:
                        own = part.get(f"{name}.dtype", dtype)
                        for text in re.findall("." * len(patterns[own]), part[name]):
                            if second_oracle.isnan(second_oracle.decode(text, own)[0]):
                                assert text == patterns[own]
                                seen += 1
                            assert part is case["inputs"] or text.strip("0") != "8" or text[0] != "8"
    assert seen > 1000


def test_few_cases_are_left_out_undecided():
    left_out = [each for f in spec.formulas() for d in MODELS for each in read(f"{f}/{d}.json")["left_out"].items()]
    undecided = {case for case, why in left_out if "do not tell to which" in why}
    assert len([case for case in undecided if not case.endswith(".infinity/in_each")]) <= 2
    reasons = [why for case, why in left_out if case not in undecided]
    assert all(re.search("^about memory|numbers, more than 2000", why) for why in reasons)


def test_flags_are_those_of_the_numbers():
    found = {case["case"]: set(case["flags"]) for case in read("softmax/float32.json")["cases"]}
    assert found["softmax.value/one_row"] == set()
    assert found["softmax.value/random_seed_0_0"] == {"random"}
    assert found["softmax.exact/equal_64"] == {"exact"}
    assert found["softmax.nan/in_a_row"] == {"nan", "infinity"}
    assert found["softmax.empty/no_rows"] == {"exact", "empty"}
    found = {case["case"]: set(case["flags"]) for case in read("relu/float32.json")["cases"]}
    assert any("subnormal" in flags for flags in found.values())


# How numbers are rounded.


@pytest.mark.parametrize("dtype", list(MODELS))
def test_balls_are_rounded_as_numpy_rounds(dtype):
    rng = np.random.default_rng(0)
    info = vectors.finfo(np.dtype(dtype))
    step, least = float(info.eps), float(info.smallest_subnormal)
    values = [*(1 + step * rng.integers(0, 64, 50) / 4), *(least * rng.integers(-64, 64, 50) / 4)]
    values += [*(rng.normal(size=100) * 10.0 ** rng.integers(-5, 5, 100)), 0.0, float(info.max), -float(info.max)]
    values += [float(info.max) * (1 + step / 4), float(info.max) * (1 + step)] if dtype != "float64" else []
    for value in values:
        with np.errstate(over="ignore"):
            wanted = float(np.float64(value).astype(dtype))
        assert nearest(arb(float(value)), MODELS[dtype]) == wanted
        with second_oracle.workprec(200):
            assert second_oracle.encode(second_oracle.mpf(float(value)), dtype) == hexadecimal(
                np.array(wanted + 0.0, dtype)
            )


def test_a_ball_is_rounded_once():
    middle = arb(1) + arb(2) ** -24
    float32 = MODELS["float32"]
    assert nearest(middle, float32) == 1
    above = middle + arb(2) ** -60  # by way of float64 it would be the middle, and then 1
    with vectors.exact.working_precision():
        above = middle + arb(2) ** -60
        assert nearest(above, float32) == 1 + 2**-23
        assert nearest(arb(1, 2**-30), float32) == 1
        assert nearest(arb(1 + 2**-24, 2**-30), float32) is None
        assert nearest(arb("nan"), float32) is None
        assert nearest(arb(0, 2**-160), float32) == 0
        assert nearest(arb(2) ** 128 - arb(2) ** 103, float32) == inf
        assert nearest(arb(2) ** -(10**30), float32) == 0


@pytest.mark.parametrize("bound", [0.0, 5e-324, 1e-320, 2.0**-1000, 1 / 3, 1.0, 1e300])
def test_a_bound_is_rounded_up_and_hardly(bound):
    assert bound <= vectors.rounded_up(np.float64(bound)) <= bound * (1 + 2.0 ** (1 - vectors.BOUND_BITS))


# How they are written.


@pytest.mark.thorough
def test_a_folder_is_updated_with_the_same_bytes_every_time_and_what_is_outdated_goes(folder, main):
    (folder / "softmax/float32.json").write_text("old")
    (folder / "sigmoid").mkdir()
    (folder / "sigmoid/float32.json").write_text("of an earlier version")
    with (folder / "MANIFEST").open("a") as manifest:
        manifest.write(f"{'0' * 64}  sigmoid/float32.json\n")
    done = main("vectors", folder)
    assert done.returncode == 0, done.stderr
    for name in vectors.names():
        same = (folder / name).read_bytes() == (VECTORS / name).read_bytes()
        assert same, f"{name}: `gaugeblock vectors vectors` writes it anew"
    assert vectors.survey(folder) == vectors.survey(VECTORS) == ([], [])
    assert not (folder / "sigmoid").exists()


def test_a_folder_with_something_else_is_left_alone(tmp_path, main):
    (tmp_path / "notes.txt").write_text("mine")
    done = main("vectors", tmp_path)
    assert done.returncode == 2
    words = "which is none of the vectors; name a new or an empty folder"
    assert done.stderr == f"gaugeblock: {tmp_path}: it has 'notes.txt', {words}\n"
    assert os.listdir(tmp_path) == ["notes.txt"]
    done = main("vectors", tmp_path / "notes.txt")
    assert done.returncode == 2
    assert "notes.txt: cannot be written: " in done.stderr
    assert len(done.stderr.splitlines()) == 1


# How answers are judged.


def expected_answers(*names):
    """What the files themselves expect, as answers."""
    return {name: {case["case"]: case["expected"] for case in read(name)["cases"]} for name in names}


def computed(name, **functions):
    """What functions, by default those of the reference, make of the inputs of a file."""
    document, found = read(name), {}
    for vector in document["cases"]:
        case = answers.case_of(document["formula"], vector, np.dtype(document["dtype"]))
        function = functions.get(case.function, getattr(reference, case.function))
        found[vector["case"]] = answer = {}
        for key, value in call(backends.load("numpy"), function, case)[1].items():
            values = value if key == "step" else hexadecimal(value[1])
            answer |= {key: values} if key == "step" else {key: values, f"{key}.shape": list(value[1].shape)}
    return {name: found}


@pytest.fixture
def verdict(tmp_path):
    """The report on answers, and what has none."""

    def judge(results, folder=VECTORS):
        (tmp_path / "results.json").write_text(json.dumps(results))
        validator("results").validate(results)
        return answers.judge_answers(folder, tmp_path / "results.json")

    return judge


def failing(report):
    return {result.requirement for result in report.results if result.status == "fail"}


def test_correctly_rounded_answers_conform(verdict):
    found, missing = verdict(expected_answers(*(name for name in vectors.names() if "/" in name)))
    assert found.passed
    assert not missing
    assert {result.formula for result in found.results if result.status == "pass"} == set(spec.formulas())
    assert max(result.ulp for result in found.results) <= 0.5
    assert max(result.ratio for result in found.results) <= 1


@pytest.mark.parametrize("formula", spec.formulas())
def test_what_the_reference_makes_of_the_inputs_conforms(formula, verdict):
    found, missing = verdict(computed(f"{formula}/float32.json") | computed(f"{formula}/float64.json"))
    assert found.passed
    assert not missing
    shown = {result.requirement: result.reason for result in found.results if result.status == "not offered"}
    assert {"no answer"} >= {why for label, why in shown.items() if label.partition(".")[0] != formula}
    assert f"{formula}.layout" in shown
    assert f"{formula}.pure" in shown


@pytest.mark.parametrize("formula", ["softmax", "dense_vjp", "adam"])
def test_most_mutants_fail_by_the_requirement_that_they_break(formula, verdict):
    killed, chosen = 0, [mutant for mutant in mutants.mutants(formula) if not mutant.half][::12]
    for mutant in chosen:
        try:
            results = computed(f"{formula}/float32.json", **{mutant.function: mutant.call})
        except BrokenResultError:  # there is no answer
            continue
        killed += mutant.requirement in failing(verdict(results)[0])
    assert killed > len(chosen) / 2


def test_wrong_answers_fail_by_the_requirement(verdict):
    right = computed("softmax/float32.json")
    for requirement, change in {
        "softmax.value": {"y": "3f800000" * 10},
        "softmax.shape": {"y.shape": [1, 10]},
        "softmax.dtype": {"y": "3ff0000000000000" * 10},
    }.items():
        wrong = {"softmax/float32.json": dict(right["softmax/float32.json"])}
        wrong["softmax/float32.json"]["softmax.value/one_row"] = {
            **right["softmax/float32.json"]["softmax.value/one_row"],
            **change,
        }
        assert requirement in failing(verdict(wrong)[0])


def test_a_wrong_step_and_a_wrong_exact_value_fail(verdict):
    results = expected_answers("adam/float32.json", "dense/float16.json")
    name = next(case for case in results["adam/float32.json"] if case.startswith("adam.step/"))
    results["adam/float32.json"][name] = {**results["adam/float32.json"][name], "step": 7}
    exact = next(c for c in read("dense/float16.json")["cases"] if c["requirement"] == "dense.exact")
    assert "exact" in exact["flags"]
    answer = dict(exact["expected"])
    answer["y"] = answer["y"][:-1] + f"{int(answer['y'][-1], 16) ^ 1:x}"
    results["dense/float16.json"][exact["case"]] = answer
    assert failing(verdict(results)[0]) == {"adam.step", "dense.exact"}


def test_nan_may_stand_for_infinity_only_where_it_is_said(verdict):
    for formula, key, passes in (("dense", "y.infinity_or_nan", True), ("relu", "y.shape", False)):
        results = expected_answers(f"{formula}/float32.json")
        for case in results.values():
            for name, expected in case.items():
                if key in expected:
                    digits = re.sub("[7f]f800000", "7fc00000", " ".join(re.findall("." * 8, expected["y"])))
                    case[name] = {**expected, "y": digits.replace(" ", "")}
        assert results != expected_answers(f"{formula}/float32.json")
        assert verdict(results)[0].passed is passes


def test_judging_asks_neither_the_cases_nor_the_reference(verdict, monkeypatch):
    results = computed("softmax/float32.json")

    def refuse(*arguments, **options):
        raise AssertionError("the numbers in the files are enough")

    for name in ("expect", "running", "exactly"):
        monkeypatch.setattr(oracle, name, refuse)
    monkeypatch.setattr(tolerance, "enclosed", refuse)
    monkeypatch.setattr(reference, "softmax", refuse)
    assert verdict(results)[0].passed


def test_what_has_no_answer_is_listed(tmp_path, main):
    results = computed("softmax/float32.json")
    del results["softmax/float32.json"]["softmax.axis/middle_from_the_end"]
    (tmp_path / "results.json").write_text(json.dumps(results))
    done = main("judge", VECTORS, "results.json", "--json", "report.json")
    assert done.returncode == 0, done.stderr
    assert "no answer: softmax/float32.json: softmax.axis/middle_from_the_end" in done.stdout.splitlines()
    assert "results.json conforms" in done.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    validator("report").validate(report)
    by_label = {result["requirement"]: result for result in report["reports"][0]["results"]}
    assert by_label["softmax.axis"]["status"] == "pass"
    assert by_label["softmax.axis"]["reason"] == "no answer"
    assert by_label["relu.value"] == {**by_label["relu.value"], "status": "not offered", "reason": "no answer"}
    for case in [*results["softmax/float32.json"]][:12]:
        del results["softmax/float32.json"][case]
    (tmp_path / "results.json").write_text(json.dumps(results))
    lines = main("judge", VECTORS, "results.json").stdout.splitlines()
    assert [line for line in lines if line.startswith("no answer: ")][10:] == ["no answer: 3 more (-v names them)"]


def test_one_formula_is_judged_alone(tmp_path, main):
    @declaration.formula("(...) -> (...)")
    def swish(x):
        return x

    (tmp_path / "results.json").write_text(json.dumps(computed("softmax/float32.json")))
    done = main("judge", VECTORS, "results.json", "--formula", "softmax", "--json", "report.json")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert {result["formula"] for result in report["reports"][0]["results"]} == {"softmax"}
    done = main("judge", VECTORS, "results.json", "--formula", "relu")  # of which there are no answers
    assert done.returncode == 2
    with pytest.raises(answers.VectorsError, match="it has no vectors of swish; wanted a formula whose cases are"):
        answers.judge_answers(VECTORS, tmp_path / "results.json", [swish])


def test_the_program_of_the_page_runs_and_is_judged(tmp_path, main):
    code = next(code for code in re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S) if "results.json" in code)
    (tmp_path / "vectors").symlink_to(VECTORS)
    subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, check=True)
    done = main("judge", "vectors", "results.json")
    assert done.returncode == 0, done.stderr
    assert "no answer: softmax/float32.json: softmax.axis/middle_from_the_end" in done.stdout
    assert "more (-v names them)" not in done.stdout
    (tmp_path / "wrong.py").write_text(code.replace("/ sum(e)", "/ (sum(e) + 1e-6)"))
    subprocess.run([sys.executable, "-I", "wrong.py"], cwd=tmp_path, check=True)
    done = main("judge", "vectors", "results.json")
    assert done.returncode == 1, done.stderr
    assert "FAIL softmax.exact in float32" in done.stdout
    assert "(catches: an epsilon in the denominator)" in done.stdout


def test_the_case_of_the_page_is_a_case():
    (text,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.M | re.S)
    case = json.loads(text)
    validator("vectors").validate({**read("softmax/float32.json"), "cases": [case]})
    found = second_oracle.results(case, "float32")
    for name, digits in second_oracle.recomputed(case, "float32", found).items():
        assert case["expected"][name] == digits
    assert list(second_oracle.uncertified(case, "float32", found)) == []
    x = np.float32([0, 1])
    bound = vectors.rounded_up(oracle.expect(call_of("softmax", (x,), {}), x.dtype)["y"].bound)
    assert case["expected"]["y.bound"] == hexadecimal(bound)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "results.json: it is not JSON"),
        ("\x00[", "results.json: it is not JSON"),
        ("[]", "results.json: got []; wanted an object"),
        ("{}", "results.json: no case was judged"),
        ('{"softmax/float8.json": {}}', "results.json: got answers to 'softmax/float8.json'; wanted files of "),
        ('{"softmax/float32.json": {}}', "results.json: no case was judged"),
        ('{"softmax/float32.json": 1}', "results.json: softmax/float32.json: got 1; wanted an object"),
        (
            '{"softmax/float32.json": {"softmax.value/none": {}}}',
            "softmax/float32.json: got an answer to 'softmax.value/none', which is not among the cases: there is no",
        ),
        (
            '{"softmax/float32.json": {"softmax.value/many_classes": {}}}',
            "'softmax.value/many_classes', which is not among the cases: 8192 numbers, more than 2000",
        ),
        ('{"softmax/float32.json": {"softmax.value/one_row": 1}}', "softmax.value/one_row: got 1; wanted an object"),
        ('{"softmax/float32.json": {"softmax.value/one_row": {}}}', "one_row: the answer has no 'y'"),
        ('{"softmax/float32.json": {"softmax.value/one_row": {"y": "00"}}}', "y.shape: got null; wanted a list"),
        (
            '{"softmax/float32.json": {"softmax.value/one_row": {"y": "00", "y.shape": [10]}}}',
            "y: got 2 digits for the shape [10]; wanted 8 for each element",
        ),
        (
            '{"softmax/float32.json": {"softmax.value/one_row": {"y": 7, "y.shape": [10]}}}',
            "y: got 7; wanted the bits in hexadecimal",
        ),
    ],
)
def test_answers_that_are_none_are_one_line_and_status_2(text, words, tmp_path, main):
    (tmp_path / "results.json").write_text(text)
    done = main("judge", VECTORS, "results.json", "--json", "report.json")
    assert done.returncode == 2
    assert done.stderr.startswith("gaugeblock: ")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert os.listdir(tmp_path) == ["results.json"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / "MANIFEST").unlink(), "vectors: it has no MANIFEST; wanted a folder that"),
        (
            lambda folder: (folder / "MANIFEST").write_text("x"),
            "MANIFEST: got the line 'x'; wanted a SHA-256 and a path",
        ),
        (lambda folder: (folder / "relu/float16.json").unlink(), "relu/float16.json: cannot be read: No such file"),
        (lambda folder: (folder / "relu/float16.json").write_text("{}"), "relu/float16.json: it was changed after "),
    ],
)
def test_a_folder_that_was_changed_judges_nothing(change, words, folder, tmp_path, main):
    (tmp_path / "results.json").write_text(json.dumps(expected_answers("softmax/float32.json")))
    assert main("judge", folder, "results.json").returncode == 0
    change(folder)
    done = main("judge", folder, "results.json")
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
