"""Programs in any language: right ones conform, wrong ones fail by name, broken ones are reported and started again."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from importlib import resources
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from gaugeblock import spec
from gaugeblock.conformance import SubjectError, check
from gaugeblock.conformance.arithmetic.rounding import MODELS, finfo
from gaugeblock.conformance.exchange.program import Program, fields, request_of, result_of
from gaugeblock.conformance.formulas import cases
from gaugeblock.conformance.judging.conversation import GIVE_UP
from gaugeblock.worker.calls import BrokenResultError

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/any_language.md").read_text()
WHOLE = next(code for code in re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S) if "sys.stdin" in code)
# Those of many steps are many requests like the others.
CASES = {
    dtype: {name: [case for case in cases(name, np.dtype(dtype)) if not case.steps] for name in spec.formulas()}
    for dtype in MODELS
}


def validator(name):
    schema = json.loads(resources.files("gaugeblock.conformance.exchange").joinpath(f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


REQUEST, ANSWER = validator("request"), validator("answer")


def installed(tool):
    if shutil.which(tool) is None:
        pytest.skip(f"NOT RUN: {tool} is not installed, so that the program in its language is not judged")


@pytest.fixture(scope="module")
def c_program(tmp_path_factory):
    installed("gcc")
    path = tmp_path_factory.mktemp("c") / "program"
    source = ROOT / "examples/exec/program.c"
    strict = ["-O2", "-std=c11", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["gcc", *strict, "-o", path, source, "-lm"], check=True)
    return [str(path)]


@pytest.fixture
def js_program():
    installed("node")
    return ["node", str(ROOT / "examples/exec/program.js")]


@pytest.fixture
def written(tmp_path):
    """A function that makes a program of Python code, by default of one that is changed a little."""

    def write(old="", new="", code=WHOLE):
        assert old in code
        (tmp_path / "program.py").write_text(code.replace(old, new))
        return [sys.executable, str(tmp_path / "program.py")]

    return write


def judge(command, formulas=("softmax",), timeout=10.0, **options):
    with Program(command, timeout) as program:
        return check(program, formulas=formulas, **options)


def failing(found):
    return {result.requirement for result in found.results if result.status == "fail"}


def reasons(found):
    return {result.worst.reason for result in found.results if result.status == "fail"}


def missing(found):
    return {result.requirement: result.reason for result in found.results if result.status == "not offered"}


@pytest.mark.parametrize("language", ["c", "js"])
def test_the_examples_conform(language, request):
    found = judge(request.getfixturevalue(f"{language}_program"), formulas=("softmax", "adam"))
    assert found.passed
    assert {(r.formula, r.dtype) for r in found.results} == {
        (f, d) for f in ("softmax", "adam") for d in ("float32", "float64")
    }
    assert set(missing(found)) == {"softmax.layout", "adam.layout", "adam.donate"}
    assert "no memory layout" in missing(found)["softmax.layout"]


def test_the_program_of_the_page_conforms_and_declines_other_axes(written):
    found = judge(written())
    assert found.passed
    axis = next(r for r in found.results if r.requirement == "softmax.axis")
    assert axis.reason == "the last axis only"


def test_the_lines_of_the_page_follow_the_schemas_and_are_what_is_said(written):
    lines = [line for block in re.findall(r"^```json\n(.*?)^```", PAGE, re.M | re.S) for line in block.splitlines()]
    done = subprocess.run(written(), input="\n".join(lines[::2]), capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers[1:] == [json.loads(line) for line in lines[3::2]]
    for asked, answered in zip(lines[::2], lines[1::2], strict=True):
        REQUEST.validate(json.loads(asked))
        ANSWER.validate(json.loads(answered))


@pytest.mark.parametrize("dtype", list(MODELS))
def test_every_case_makes_a_request_that_follows_the_schema_and_can_be_read_by_search(dtype):
    for case in (case for found in CASES[dtype].values() for case in found):
        request = {"id": 7, "function": case.function, **request_of(case)}
        line = json.dumps(request)
        assert request["dtype"] == dtype
        assert not list(REQUEST.iter_errors(request)), case.id
        for key in request:
            assert line.count(f'"{key}": ') == 1, (case.id, key)
        for key in (key for key in request if key.endswith(".bits")):
            numbers = np.frombuffer(bytes.fromhex(request[key]), ">f8").tolist()
            given = request[key.removesuffix(".bits")]
            assert numbers == (given if isinstance(given, list) else [given])


@pytest.mark.parametrize("dtype", MODELS)
@pytest.mark.parametrize("shape", [(), (3,), (2, 6), (0, 4), (1, 0)])
def test_arrays_come_back_bit_for_bit_in_any_width(dtype, shape):
    special = [-0.0, np.nan, np.inf, finfo(dtype).smallest_subnormal, finfo(dtype).max, 1 / 3]
    array = np.resize(np.array(special, dtype), shape)
    for given in (array, array.T.copy().T):
        sent = {f"z{key.removeprefix('x')}": value for key, value in fields("x", given, False).items()}
        back = result_of(json.loads(json.dumps(sent)), "z", np.dtype(dtype))
        assert (back.dtype, back.shape) == (array.dtype, shape)
        assert back.tobytes() == array.tobytes()


def test_the_most_significant_digit_comes_first():
    assert fields("x", np.float32([1, -2]), False) == {"x.shape": [2], "x": "3f800000c0000000"}
    assert fields("labels", np.array([[2], [0]]), False) == {"labels.shape": [2, 1], "labels": [2, 0]}
    assert fields("epsilon", 1, True) == {"epsilon": 1.0, "epsilon.bits": "3ff0000000000000"}
    assert fields("clip", (0.5, 1.0), False) == {"clip": [0.5, 1.0], "clip.bits": "3fe00000000000003ff0000000000000"}


@pytest.mark.parametrize("language", ["c", "js"])
def test_every_answer_of_the_examples_follows_the_schema(language, request):
    command = request.getfixturevalue(f"{language}_program")
    asked = [{"function": "offers"}]
    for name in ("softmax", "adam"):
        chosen = [case for case in CASES["float32"][name] if case.function in ("softmax", "adam_step")]
        asked += [{"function": c.function, **request_of(c)} for c in chosen]
    text = "".join(json.dumps({"id": i + 1, **each}) + "\n" for i, each in enumerate(asked))
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == list(range(1, len(asked) + 1))
    for answer in answers:
        ANSWER.validate(answer)


@pytest.mark.parametrize(
    "line",
    [
        {"y": "00"},
        {"id": 1},
        {"id": 1, "functions": []},
        {"id": 1, "y.shape": [-1], "y": ""},
        {"id": 1, "y.shape": [1], "y": [0.5]},
        {"id": 1, "y.shape": [1], "y": "xyz0"},
        {"id": 1, "not_offered": 3},
    ],
)
def test_the_schema_refuses_what_is_no_answer(line):
    with pytest.raises(jsonschema.ValidationError):
        ANSWER.validate(line)


def test_a_mutant_fails_by_the_requirement_that_it_breaks_and_is_named(written):
    shifted, exp = "[math.exp(element - top) for element in row]", "math.inf if element > 709 else math.exp(element)"
    code = WHOLE.replace("math.fsum(e)", "math.fsum(e) or math.nan")  # 0 / 0 raises in Python
    found = judge(written(shifted, f"[{exp} for element in row]", code), dtypes=["float64"])
    assert {"softmax.shift", "softmax.spread"} <= failing(found)
    assert not reasons(found) - {""}
    named = {result.diagnosis for result in found.results if result.status == "fail"}
    assert named == {"the maximum is not subtracted, so that exp overflows"}


def test_labels_clip_and_several_results_go_through_the_pipe(tmp_path):
    code = """
import json, sys
import numpy as np
import gaugeblock as gb

def read(request, name):
    if name not in request:
        return None
    if name.endswith(("labels", "y")) and isinstance(request[name], list):
        return np.array(request[name], np.int64).reshape(request[name + ".shape"])
    if name + ".shape" in request:
        form = request["dtype"].replace("float32", ">f4").replace("float64", ">f8")
        bits = np.frombuffer(bytes.fromhex(request[name]), form)
        return bits.astype(request["dtype"]).reshape(request[name + ".shape"])
    if name + ".bits" in request:
        numbers = np.frombuffer(bytes.fromhex(request[name + ".bits"]), ">f8").tolist()
        return numbers[0] if len(numbers) == 1 else numbers
    return request[name]

FORMULAS = NAMES
for line in sys.stdin:
    request = json.loads(line)
    if request["function"] == "offers":
        print(json.dumps({"id": request["id"], "functions": list(FORMULAS)}), flush=True)
        continue
    positional, keywords = FORMULAS[request["function"]]
    arguments = [read(request, name) for name in positional]
    options = {name: read(request, name) for name in keywords}
    if request["function"] == "adam_step":
        state = gb.AdamState(request["step"], read(request, "m"), read(request, "v"))
        theta, state = gb.adam_step(*arguments, state, **options)
        results = {"theta": theta, "m": state.m, "v": state.v}
        answer = {"id": request["id"], "step": state.step}
    else:
        results = {"y": getattr(gb, request["function"])(*arguments, **options)}
        answer = {"id": request["id"]}
    for name, array in results.items():
        array = np.asarray(array)
        answer[name + ".shape"] = array.shape
        answer[name] = array.astype(array.dtype.newbyteorder(">")).tobytes().hex()
    print(json.dumps(answer), flush=True)
"""
    names = {
        "neuron": ("xwb", []),
        "dense": ("xwb", []),
        "relu": ("x", []),
        "softmax": ("x", ["axis"]),
        "log_softmax": ("x", ["axis"]),
        "categorical_cross_entropy": ("yp", ["axis", "clip"]),
        "categorical_cross_entropy_from_logits": ("yx", ["axis"]),
        "sparse_categorical_cross_entropy_from_logits": (["labels", "x"], ["axis"]),
        "adam_first_moment": (["m", "grad", "beta1"], []),
        "adam_second_moment": (["v", "grad", "beta2"], []),
        "adam_bias_correction": (["moment", "beta", "step"], []),
        "adam_update": (["theta", "m_hat", "v_hat", "learning_rate", "epsilon"], []),
        "adam_step": (["theta", "grad"], ["learning_rate", "beta1", "beta2", "epsilon"]),
    }
    (tmp_path / "all.py").write_text(code.replace("NAMES", repr(names)))
    formulas = [name for name in spec.formulas() if name in names or name == "adam"]
    found = judge([sys.executable, str(tmp_path / "all.py")], formulas)
    assert found.passed
    assert {r.requirement.partition(".")[2] for r in found.results if r.status == "not offered"} <= {"layout", "donate"}


# What a broken program does in the place of answering the third request, and the reason that is reported.
BROKEN = {
    "dies": ("sys.exit('no more\\x1b[31m memory')", r"it ended with status 1 and did not answer: no more \[31m memory"),
    "is killed": (
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        r"it was killed by a signal \(Segmentation fault\) and did not",
    ),
    "closes its output": ("import os, time; os.close(1); time.sleep(60)", "it closed its standard input or output"),
    "closes its input": ("import os, time; os.close(0); time.sleep(60)", "no answer within 0.3 s"),
    "garbage": ("print('hello', flush=True); continue", r"it answered 'hello\\n', which is not one line of JSON"),
    "not UTF-8": (
        "sys.stdout.buffer.write(b'\\xff\\n'); sys.stdout.flush(); continue",
        "which is not one line of JSON",
    ),
    "deep": ("print('[' * 10**5, flush=True); continue", "which is not one line of JSON"),
    "a list": ("print([1], flush=True); continue", r"it answered '\[1\]\\n'; wanted an object"),
    "wrong id": ("answer['id'] = 1", "it answered with id 1, not 3"),
    "no id": ("answer['id'] = None", "it answered with id null, not 3"),
    "two answers": ("print(json.dumps({'id': 3, **answer}))", "it answered with id 3, not 4"),
    "no result": ("answer = {'z': 1}", "the answer has no 'y'"),
    "a number": ("answer['y'] = 0.5", "y: got 0.5; wanted the bits in hexadecimal"),
    "a digit too few": (
        "answer['y'] = answer['y'][1:]",
        r"y: got 319 digits for the shape \[4, 10\]; wanted 8 for each",
    ),
    "no digits": ("answer['y'] = answer['y'].replace('3', 'x')", 'y: got "[^ ]*; wanted the bits in hexadecimal'),
    "too few digits": (
        "answer['y'] = answer['y'][2:]",
        r"y: got 318 digits for the shape \[4, 10\]; wanted 8 for each",
    ),
    "no shape": ("del answer['y.shape']", "y.shape: got null; wanted a list of lengths"),
    "bad shape": ("answer['y.shape'] = [4, -10]", r"y.shape: got \[4, -10\]; wanted a list of lengths"),
    "a flood of lines": ("[print('x' * 99) for _ in iter(int, 1)]", "it answered 'x{60}', which is not one line"),
    "a flood without lines": ("[print(end='x' * 10**6) for _ in iter(int, 1)]", "it answered more than 67108864 bytes"),
    "floods its errors": (
        "[print('x' * 10**6, file=sys.stderr) for _ in range(9)]; sys.exit(3)",
        r"status 3 .*: \.\.\. x{296}",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_program_fails_that_case_with_the_reason_and_is_started_again(what, written):
    action, reason = BROKEN[what]
    times = "(3, 4)" if what == "closes its input" else "(3,)"  # what hangs is asked twice
    code = WHOLE.replace("    print(json", f"    if request['id'] in {times}:\n        {action}\n    print(json")
    code = code.replace("**answer})", "**answer} if 'id' not in answer else answer)")
    found = judge(written(code=code), timeout=0.3 if what == "closes its input" else 10, dtypes=["float32"])
    failed = [r for r in found.results if r.status == "fail"]
    assert len(failed) == 1, [(r.requirement, r.worst.reason) for r in failed]
    assert re.search(reason, failed[0].worst.reason), failed[0].worst.reason
    assert "\n" not in failed[0].worst.reason


@pytest.mark.parametrize(
    ("action", "requirement", "reason"),
    [
        ("answer['y.shape'] = [10, 4]", "softmax.shape", "y has shape (10, 4), not (4, 10)"),
        ("answer['y'] += 320 * '0'", "softmax.dtype", "y has dtype float64, not float32"),
    ],
)
def test_a_wrong_shape_or_width_fails_by_its_requirement(action, requirement, reason, written):
    code = WHOLE.replace("    print(json", f"    if request['id'] == 3:\n        {action}\n    print(json")
    found = judge(written(code=code), dtypes=["float32"])
    assert failing(found) == {requirement, "softmax.value"}
    assert reason in reasons(found)


def test_a_program_that_hangs_costs_a_few_time_outs_and_no_more(written):
    (hang, go_on) = ("if request['function'] != 'offers':\n        import time; time.sleep(60)\n    ", "print(json")
    command = written(go_on, hang + go_on)
    with Program(command) as program:
        program.process.timeout = 0.3  # not for its start
        found = check(program, formulas=["softmax"])
        assert program.process.asked == 1 + 1 + GIVE_UP  # the first is put to it twice
    assert "no answer within 0.3 s (an answer is one line, flushed)" in reasons(found)
    assert "not asked, since softmax gave no answer 3 times in a row" in reasons(found)
    assert not any(result.status == "pass" for result in found.results)


def test_a_program_that_does_not_read_is_no_obstacle(written):
    command = written(code="""import time; print('{"id": 1, "functions": ["softmax"]}', flush=True); time.sleep(60)""")
    with Program(command) as program:
        program.process.timeout = 0.3  # not for its start
        with pytest.raises(BrokenResultError, match="no answer within"):
            program.call("softmax", np.zeros((10, 100_000)), axis=-1)  # more than a pipe holds


def test_several_results_are_named_as_the_oracle_names_them(written):
    results = "{'gb.shape': [], 'gb': request['b'], "
    results += "'gw.shape': [1], 'gw': request['x'], 'gx.shape': [1], 'gx': request['w']}"
    with Program(written("else softmax(request)", f"else {results}")) as program:
        gx, gw, gb = program.call(
            "neuron_vjp", *np.float32([[1], [2]]), np.full((), 3, np.float32), np.full((), 4, np.float32)
        )
    assert (gx.tolist(), gw.tolist(), float(gb)) == ([2], [1], 3)


def test_a_request_that_broke_the_program_is_not_put_to_it_twice(written):
    dying = "if len(x) == 10:\n        sys.exit(4)\n    y = []"  # the case of one row
    with Program(written("y = []", dying)) as program:
        found = check(program, formulas=["softmax"], dtypes=["float32"])
        assert failing(found) == {"softmax.value"}
        assert reasons(found) == {"it ended with status 4 and did not answer"}
        assert len(program.process.broken) == 1


@pytest.mark.parametrize(
    ("offer", "words"),
    [
        ("import sys; sys.exit(7)", "asked what it offers, it ended with status 7 and did not answer"),
        ("import nowhere", "ended with status 1 and did not answer: Traceback .* No module named 'nowhere'"),
        ("import time; time.sleep(60)", "asked what it offers, no answer within 0.6 s"),
        ("print('{}')", "it answered with id null, not 1"),
        ("""print('{"id": 1}')""", "functions: got null; wanted a list of names"),
        ("""print('{"id": 1, "functions": []}')""", r"functions: got \[\]; wanted a list of names"),
        (
            """print('{"id": 1, "functions": ["sofmax"]}')""",
            "functions: got 'sofmax'; did you mean 'softmax'\\? \\(`gaugeblock spec` shows all\\)",
        ),
        ("""print('{"id": 1, "functions": ["relu"], "dtypes": 3}')""", "dtypes: got 3; wanted a list of names"),
        ("""print('{"id": 1, "functions": ["relu"], "dtypes": ["half"]}')""", "dtypes: got 'half'; wanted some of"),
        ("""print('{"id": 1, "functions": ["relu"], "precision": [1]}')""", r"precision: got \[1\]; wanted a string"),
        ("""print('{"id": 1, "functions": ["relu"], "subnormals": "no"}')""", "subnormals: got 'no'; wanted 'gradual'"),
    ],
)
def test_a_program_that_does_not_say_what_it_offers_is_one_line(offer, words, written):
    timeout = 0.1 if "sleep" in offer else 10
    with pytest.raises(SubjectError, match=words) as caught:
        judge(written(code=offer), timeout=timeout)
    assert "\n" not in str(caught.value)


def test_what_it_declares_is_taken_on(written):
    offer = '{"functions": ["softmax"], "dtypes": ["float32"], "subnormals": "flush", "precision": "tf32"}'
    found = judge(written('{"functions": ["softmax"]}', offer))
    assert (found.subnormals, found.precision) == ("flush", "tf32")
    assert {result.dtype for result in found.results} == {"float32"}


def run(*arguments, cwd=None):
    command = [sys.executable, "-m", "gaugeblock", "check", *map(str, arguments)]
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "120"}
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False)


def test_the_command_line_judges_a_program_and_writes_its_report(written, tmp_path):
    command = " ".join(written())
    done = run("--exec", command, "--dtype", "float32", "--json", tmp_path / "report.json")
    assert done.returncode == 0, done.stderr
    assert f"{command} conforms" in done.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    schema = json.loads(resources.files("gaugeblock.conformance.reporting").joinpath("report.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(report)
    assert report["reports"][0]["subject"] == command
    wrong = written("element / total", "element")
    options = "--formula", "softmax", "--dtype", "float32", "--json", tmp_path / "report.json"
    assert run("--exec", " ".join(wrong), *options).returncode == 1
    (found,) = json.loads((tmp_path / "report.json").read_text())["reports"]
    assert found["command"] == wrong
    worst = next(each["worst"] for each in found["results"] if each["requirement"] == "softmax.axis")
    REQUEST.validate(json.loads(worst["request"]))
    done = subprocess.run(wrong, input=f"{worst['request']}\n", capture_output=True, text=True, check=True)
    ANSWER.validate(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--exec", "./nowhere"], "./nowhere: cannot be started: No such file or directory"),
        (["--exec", "./text"], "./text: cannot be started: Permission denied"),
        (["--exec", "./binary"], "./binary: cannot be started: Exec format error"),
        (["--exec", "'"], "': No closing quotation; wanted a command"),
        (["--exec", " "], "got an empty command; wanted a program and its arguments"),
        (["--exec", "false"], "false: asked what it offers, it ended with status 1 and did not answer"),
        (["--exec", "cat"], "cat: functions: got null; wanted a list of names"),
        (["--exec", "cat", "numpy"], "--exec: got the subject 'numpy' too; wanted one or the other"),
        (["--exec", "cat", "--timeout", "0"], "timeout: got 0; wanted a positive, finite number of seconds"),
        (["--exec", "cat", "--timeout", "nan"], "timeout: got nan; wanted a positive, finite number of seconds"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_program_that_cannot_be_judged_is_one_line_and_status_2(arguments, words, main, tmp_path):
    (tmp_path / "text").write_text("text")
    (tmp_path / "binary").write_text("text")
    (tmp_path / "binary").chmod(0o755)
    done = main("check", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("gaugeblock: ")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


# Runs a command that hears signals, even where the tests were started by nohup or in a shell's background.
HEARING = "import os, signal, sys; [signal.signal(s, signal.SIG_DFL) for s in (1, 2, 15)]; "
HEARING += "os.execv(sys.argv[1], sys.argv[1:])"


@pytest.mark.skipif(os.name != "posix", reason="process groups and named pipes are POSIX's")
@pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM", "SIGHUP", None])
def test_the_program_and_what_it_starts_never_outlive_the_command(sent, written, tmp_path):
    """Both hold a named pipe open; it ends when both are gone."""
    os.mkfifo(tmp_path / "alive")
    hang = "import signal, subprocess; signal.pthread_sigmask(signal.SIG_BLOCK, {2, 15}); "
    hang += f"pipe = open({str(tmp_path / 'alive')!r}, 'w'); print('up', file=pipe, flush=True); "
    hang += "subprocess.run(['sleep', '600'], stdout=pipe)"
    program = written("def softmax(request):\n", f"def softmax(request):\n    {hang}\n")
    timeout = ["--timeout", "3" if sent is None else "60"]
    command = [sys.executable, "-m", "gaugeblock", "check", "--exec", " ".join(program), *timeout]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with (
        subprocess.Popen([sys.executable, "-c", HEARING, *command], **quiet) as checking,
        open(tmp_path / "alive") as pipe,
    ):
        assert pipe.readline() == "up\n"
        if sent is not None:
            checking.send_signal(getattr(signal, sent))
        assert set(pipe.read().splitlines()) <= {"up"}  # until all who could write have ended
        if sent is None:
            checking.kill()
    assert checking.returncode == (130 if sent else -signal.SIGKILL)
