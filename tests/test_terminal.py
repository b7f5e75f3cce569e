"""The report on a terminal: the verdict is never cut, whatever the width, and a failure says with what."""

import copy
import io
import json
import os
import re
import sys
import threading
import types
from contextlib import suppress
from importlib import resources

import jsonschema
import numpy as np
import pytest
from rich.cells import cell_len

import gaugeblock as gb
from gaugeblock import spec
from gaugeblock.conformance import check
from gaugeblock.conformance.cli.terminal import console_for
from gaugeblock.conformance.formulas import cases
from gaugeblock.conformance.judging.common_traits import FEWEST, FLUSHED, facts, in_common
from gaugeblock.conformance.judging.diagnosis import NONE_KNOWN
from gaugeblock.conformance.judging.judge import Finding
from gaugeblock.conformance.reporting.advice import advice
from gaugeblock.conformance.reporting.failures import QUIET, VERBOSE, otherwise, sentence
from gaugeblock.conformance.reporting.report import to_document
from gaugeblock.conformance.reporting.terminal import folded, print_report

WIDTHS = (120, 80, 60)


def no_kernel(x):
    raise RuntimeError(f"no kernel for {x.shape}")


def few_columns(x, w, b):
    return x @ w + b * x.dtype.type(w.shape[1] > 3)


def flushing(x, *, axis=-1):
    y = gb.softmax(x, axis=axis)
    return np.where(y < np.finfo(x.dtype).smallest_normal, y * 0, y)


def lost(x, *, axis=-1):
    y = gb.log_softmax(x, axis=axis)
    return np.where(np.isnan(y), y.dtype.type(0), y)


def halves(x, w, b):
    if np.ndim(x) > 2:
        raise NotImplementedError("one batch axis at most")
    return gb.neuron(x, w, b)


@pytest.fixture(scope="module")
def report():
    """The report on wrong kernels, as JSON has it, with the verdicts of all other formulas made up."""
    functions = {"relu": no_kernel, "dense": few_columns, "softmax": flushing, "log_softmax": lost, "neuron": halves}
    subject = types.SimpleNamespace(__name__="kernels.py", soft_max_vjp=gb.softmax_vjp, **functions)
    found = check(subject).to_dict()
    schema = json.loads(resources.files("gaugeblock.conformance.reporting").joinpath("report.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate({**to_document([]), "reports": [found]})
    return found


OTHERS = {"float32": "float16", "float64": "bfloat16"}


@pytest.fixture(scope="module")
def whole(report):
    """A report in which every formula is judged, in four dtypes."""
    found = copy.deepcopy(report)
    for each in found["results"]:
        if each["status"] == "not offered" and each["formula"] not in found["partial"]:
            each.update(status="pass", reason="", cases=3, ratio=0.5)
    found["results"] += [{**each, "dtype": OTHERS[each["dtype"]]} for each in found["results"]]
    return found


def shown(report, width, level=0):
    """What is seen on a pseudo-terminal of a width."""
    import pty

    os.environ["COLUMNS"] = str(width)  # as a shell has it
    main, terminal = pty.openpty()
    parts = []

    def read():
        with suppress(OSError):  # Linux says so that the other end is closed
            while more := os.read(main, 65536):
                parts.append(more)

    reader = threading.Thread(target=read)
    reader.start()
    with os.fdopen(terminal, "w") as file:
        print_report(report, console_for(file), level)
    reader.join(60)
    os.close(main)
    return re.sub(r"\x1b\[[\d;]*m", "", b"".join(parts).decode()).replace("\r\n", "\n")


@pytest.fixture(autouse=True)
def _a_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("LINES", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


needs_terminal = pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is a thing of Unix")


@needs_terminal
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_and_each_formula_has_one_verdict(whole, width):
    text = shown(whole, width)
    lines = text.splitlines()
    assert max(map(cell_len, lines)) <= width
    assert "…" not in text
    assert "ulp" not in text
    rows = text[text.index("formula ") : text.index("FAIL")].splitlines()[1:]
    verdicts = [line for line in rows if re.search(r"(conforms|in part|fails \d+ of \d+) *$", line)]
    assert len(verdicts) == len(spec.formulas())
    names = "".join(line.split(" ")[0] for line in rows)
    assert names == "".join(dict.fromkeys(each["formula"] for each in whole["results"]))
    assert all(len(re.findall(r" (?:\d+\.\d\d|\de[+]\d+|inf|0|-|fails)(?= )", line)) >= 4 for line in verdicts)
    assert "kernels.py does not conform: " in text
    assert ("f16" in text) == (width < 80)


@needs_terminal
@pytest.mark.parametrize("width", WIDTHS)
def test_a_failure_says_the_shape_the_dtype_and_what_the_cases_have_in_common(report, width):
    text = " ".join(shown(report, width).split())
    assert re.search(r"FAIL dense.value in float32 and float64 .* given x float32 \(\d+, \d+\), w float32 \(", text)
    assert re.search(r"failing \d+ of \d+ cases, all with m < 4 in \(..., n\), \(n, m\), \(m\) -> \(..., m\)", text)
    assert f"cases, all {FLUSHED}" in text
    assert "all with NaN in the input" not in text  # as all cases of that requirement have, those that pass too


@needs_terminal
def test_a_pipe_has_the_same_words_on_whole_lines(report, tmp_path):
    with open(tmp_path / "text", "w") as file:
        print_report(report, console_for(file))
    text = (tmp_path / "text").read_text()
    assert [*text.split()] == [*shown(report, 120).split()]
    assert f"  {report['results'][0]['text']}" in text or "not offered" in report["results"][0]["status"]
    assert max(map(len, text.splitlines())) > 120


def lines_of(report, level=0):
    """The report without a terminal, by lines."""
    file = io.StringIO()
    print_report(report, console_for(file), level)
    return file.getvalue().splitlines()


def test_calls_that_all_raise_are_one_block_with_the_line_and_no_diagnosis(report):
    lines = lines_of(report)
    (start,) = [number for number, line in enumerate(lines) if line.startswith("FAIL relu")]
    assert lines[start].startswith("FAIL relu in float32 and float64: in every call it raised RuntimeError: no kernel")
    first = no_kernel.__code__.co_firstlineno
    assert lines[start + 1] == f"  line      {os.path.relpath(__file__)}:{first + 1}"
    assert "value " in lines[start + 3]
    assert not any("relu" in line for line in lines if line.startswith(("MOST LIKELY", "UNKNOWN", "LOCATED")))
    assert {each["diagnosis"] for each in report["results"] if each["formula"] == "relu"} == {None}


def test_what_is_not_offered_is_a_number_and_a_suggestion_and_v_names_it(report):
    text = "\n".join(lines_of(report))
    assert "soft_max_vjp is the name of no formula: did you mean softmax_vjp?" in text
    assert re.search(r"not offered: .*\(one batch axis at most\); \d+ formulas \(-v names them\)", text)
    assert "sparse_categorical" not in text
    more = "\n".join(lines_of(report, level=VERBOSE))
    assert "sparse_categorical_cross_entropy_from_logits_vjp" in more
    assert "-v names" not in more
    assert re.search(r"output .*\(-?0x", more)
    assert not re.search(r"output .*\(-?0x", text)
    assert lines_of(report, level=QUIET) == [text.splitlines()[-1 if not report["claim"] else -2]]


def test_a_diagnosis_is_a_sentence():
    assert sentence(NONE_KNOWN) == ("unknown", "the outputs are those of none of the known mistakes")
    assert sentence("perhaps: the mean") == ("perhaps", "the mean")
    assert sentence("nearly: the mean")[1] == "the mean"
    assert sentence("the mean") == ("most likely", "the mean")
    assert sentence("it fails at its end")[0] == "located"


def test_a_nan_of_anybodys_formula_may_be_an_accident():
    worst = {"source": "formulas.py:log_sum_exp", "got": "inf", "expected": "nan"}
    assert "`open`" in otherwise(worst)
    assert not otherwise(worst | {"source": ""})
    assert not otherwise(worst | {"expected": 1.0})


def test_names_are_folded_after_an_underscore():
    assert folded("log_softmax_vjp", 12) == "log_softmax_\nvjp"
    assert folded("log_softmax_vjp", 40) == "log_softmax_vjp"
    assert folded("softmax", 3) == "softmax"


def test_a_call_that_is_made_otherwise_is_said_how_to_mend():
    raised = "it raised TypeError: softmax() got an unexpected keyword argument 'axis' (kernels.py:2)"
    assert advice("softmax", raised, False) == {"wanted": "softmax(x, /, *, axis=-1)"}
    assert "NotImplementedError" in advice("softmax", "it raised ValueError: no empty rows", False)["declines"]
    assert not advice("softmax", "it raised ValueError: no empty rows", True)
    assert advice("rms_scale", raised, False) == {}  # which is not gaugeblock's own
    assert advice("softmax", "it raised TypeError: must be real number, not None", True) == {}
    for reason in ("y: got Tensor; wanted a NumPy array", "it raised TypeError: must be Tensor, not numpy.ndarray"):
        assert 'write backend = "torch"' in advice("softmax", reason, True)["library"]
        assert advice("softmax", reason, False) == {}  # of which other calls are right


def test_known_failures_are_said_and_those_that_do_not_fail_too(report):
    known = {"relu.value": "no kernel yet", "log_softmax.value": "old", "adam.update": "not judged"}
    lines = lines_of({**report, "known": known})
    assert "known to fail: relu.value (no kernel yet)" in lines
    assert "known to fail, but it does not: log_softmax.value; take it off the list" in lines
    assert not any("adam.update" in line for line in lines)
    (quiet,) = lines_of({**report, "known": known}, QUIET)
    assert re.search(r"requirements fail, 2 of them known; known to fail, but it does not: log_softmax.value$", quiet)
    every = {each["requirement"]: "old" for each in report["results"] if each["status"] == "fail"}
    assert lines_of({**report, "known": every}, QUIET)[0].endswith("requirements fail, all of them known")


# What failing cases have in common.

FOUND = [Finding(each.requirement, each, passed=True) for each in cases("dense", np.dtype("float32"), 0)]


def of(condition):
    """What the cases of the dense layer on which a condition holds have in common."""
    every = [each._replace(passed=not condition(*each.case.arguments)) for each in FOUND]
    return in_common([each for each in every if not each.passed], every)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (lambda x, w, b: w.shape[1] < 3, "with m < 3 in (..., n), (n, m), (m) -> (..., m)"),
        (lambda x, w, b: np.isnan(x).any() or np.isnan(w).any() or np.isnan(b).any(), "with NaN in the input"),
        (lambda x, w, b: np.prod(x.shape[:-1]) > 4, "with batch rows > 4"),
        (lambda x, w, b: len(b) % 2, ""),
    ],
)
def test_what_failing_cases_share_is_found(condition, words):
    found = of(condition)
    assert found.startswith(words)
    assert words or "no multiple of 2" in found


def test_an_option_and_how_large_numbers_are_may_be_shared_with_more_cases_that_pass():
    every = [each._replace(passed=facts(each.case).largest <= 100) for each in FOUND]
    failed = [each for each in every if not each.passed]
    assert in_common(failed, every, loosely=True).startswith("with numbers beyond ")
    assert "numbers" not in in_common(failed, every)


def test_late_steps_are_found():
    steps = [each for each in cases("adam", np.dtype("float32"), 0) if each.function == "adam_step"]
    every = [Finding(each.requirement, each, passed=facts(each).counts["step"] < 10) for each in steps]
    failed = [each for each in every if not each.passed]
    latest = max(facts(each.case).counts["step"] for each in every if each.passed)
    assert in_common(failed, every, loosely=True) == f"with step > {latest}"


def test_few_cases_and_all_cases_have_nothing_in_common():
    assert of(lambda x, w, b: x is FOUND[0].case.arguments[0]) == ""
    assert of(lambda x, w, b: x.size == 0 or w.size == 0) == ""  # two cases
    assert of(lambda x, w, b: True) == ""


def test_what_all_cases_of_a_requirement_share_or_many_that_pass_is_not_said():
    found = [Finding(each.requirement, each, passed=True) for each in cases("softmax", np.dtype("float32"), 0)]
    own = [each for each in found if each.requirement == "softmax.infinity"]
    others = [each for each in found if not np.isinf(each.case.arguments[0]).any()]
    failed = [each._replace(passed=False) for each in own if np.isinf(each.case.arguments[0]).any()]
    assert len(failed) >= FEWEST
    many = [each._replace(passed=True, case=each.case._replace(name=f"{each.case.name}_met")) for each in failed]
    assert in_common(failed, [*failed, *others]) == in_common(failed, [*failed, *others, many[0]]) == ""
    finite = many[0]._replace(case=others[0].case)
    words = "with an infinity in the input"
    assert in_common(failed, [*failed, *others, finite]) == words
    assert in_common(failed, [*failed, finite]) == ""  # one that passes
    assert in_common(failed, [*failed, *others, finite, many[0]]).startswith(f"{words}, as is 1 of the")
    assert in_common(failed, [*failed, *others, finite, *many]) == ""


def test_a_result_keeps_how_many_fail_and_for_how_long(report):
    failed = [each for each in report["results"] if each["status"] == "fail"]
    assert all(0 < each["failing"] <= each["cases"] for each in failed)
    assert all(each["failing"] == 0 for each in report["results"] if each["status"] != "fail")
    assert sum(each["seconds"] for each in report["results"]) > 0
