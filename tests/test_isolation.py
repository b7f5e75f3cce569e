"""Hostile and broken subjects: each fails by itself, in words, and the verdict on a good one beside it stands."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import types
from pathlib import Path

import numpy as np
import pytest

from gaugeblock.conformance import SubjectError, check, reproduce
from gaugeblock.conformance.cli import check as command
from gaugeblock.conformance.cli import verdicts
from gaugeblock.conformance.cli.app import app
from gaugeblock.conformance.judging.child import ENDING, RUNNING, EndedError, end_all
from gaugeblock.conformance.judging.conversation import Conversation
from gaugeblock.conformance.judging.diagnosis import NO_VALUE
from gaugeblock.conformance.judging.kept_expectations import FOLDER
from gaugeblock.conformance.judging.loading import load_formulas
from gaugeblock.conformance.judging.remote import Isolated
from gaugeblock.conformance.mutants import mutants
from gaugeblock.worker import messages
from gaugeblock.worker.calls import BrokenResultError
from gaugeblock.worker.environment import environment

GOOD = "import numpy as np\n\ndef relu(x):\n    return np.maximum(x, 0)\n"
FLAKY = (
    "import os, sys, signal, time\n"
    + GOOD.replace("    return", "    global n\n    n += 1\n{}\n    return")
    + "n = 0\n"
)


def in_the_third_call(action):
    """A subject that does something once, in its third call."""
    once = "not os.path.exists(__file__ + ' once')"
    return FLAKY.format(f"    if n == 3 and {once}:\n        open(__file__ + ' once', 'x').close()\n        {action}")


# What a subject does, and what the report says of it; one whose error is None is right all the same.
HOSTILE = {
    "exits in a call": (in_the_third_call("os._exit(0)"), "it ended with status 0 and did not answer"),
    "raises SystemExit": (in_the_third_call("sys.exit(0)"), "it raised SystemExit: 0"),
    "raises KeyboardInterrupt": (in_the_third_call("raise KeyboardInterrupt"), "it raised KeyboardInterrupt"),
    "is killed": (
        in_the_third_call("os.kill(os.getpid(), 9)"),
        "it was killed by a signal (Killed) and did not answer",
    ),
    "reads no memory": (
        in_the_third_call("import ctypes; ctypes.string_at(0)"),
        "it was killed by a signal (Segmentation fault) and did not answer",
    ),
    "kills its parent's group": (in_the_third_call("os.killpg(0, 9)"), "it was killed by a signal (Killed)"),
    "recurses": (in_the_third_call("f = lambda: f(); f()"), "it raised RecursionError: maximum recursion depth"),
    "floods standard error": (in_the_third_call("sys.stderr.write('x' * 10**6); os._exit(3)"), "status 3 and did not"),
    "closes all files": (in_the_third_call("os.closerange(0, 256)"), "and did not answer"),
    "writes into every pipe": (
        in_the_third_call("[os.write(f, b'{}\\n') for f in range(3, 32) if os.path.exists(f'/proc/self/fd/{f}')]"),
        "",
    ),
    "prints": ("print('{\"id\": 1}')\n" + in_the_third_call("print('{\"id\": 2}')"), None),
    "reads standard input": (in_the_third_call("sys.stdin.read()"), None),
    "forks": (in_the_third_call("os.fork() or os._exit(0)"), None),
    "has an exit handler": ("import atexit, os\natexit.register(os._exit, 0)\n" + GOOD, None),
    "takes the judge's functions away": (
        GOOD
        + "import gaugeblock.conformance.judging.oracle as o\no.ratios = lambda *a: (0 * a[1].value, a[1].value)\n",
        None,
    ),
    "spoils NumPy": (GOOD + "np.array = np.frombuffer = None\n", "'NoneType' object is not callable"),
    "returns another thing": ("def relu(x):\n    return 3\n", "y: got int; wanted a NumPy array"),
    "returns an array of objects": (
        "import numpy as np\n\ndef relu(x):\n    return np.array([object()])\n",
        "y: got an array of object; wanted numbers",
    ),
    "raises text that a terminal obeys": (
        in_the_third_call("raise ValueError('\\x1b[31mred\\u202e\\udc80' + 'A' * 5_000_000)"),
        "it raised ValueError: [31mred AAA",
    ),
    "has an error that raises": (
        "class E(Exception):\n    def __str__(self):\n        raise E\n" + in_the_third_call("raise E"),
        "it raised E",
    ),
    "changes its input": (
        GOOD.replace("return np.maximum(x, 0)", "x *= x > 0\n    return x"),
        "y shares memory with an",
    ),
}
UNLOADABLE = {
    "exits": ("import os\nos._exit(0)", "it does not start: it ended with status 0 and did not answer"),
    "raises SystemExit": ("raise SystemExit(0)", "does not import: SystemExit: 0"),
    "raises KeyboardInterrupt": ("raise KeyboardInterrupt", "does not load: KeyboardInterrupt"),
    "has no function": ("softmax = 3", "it has none of the formulas"),
    "raises somewhere": ("import sys\n\nraise RuntimeError('no way')", "subject.py:3)"),
    "declares threads in words": (GOOD + "threads = 'no'", "threads: got 'no'; wanted True or False"),
    "declares no dtype": (GOOD + "dtypes = []", "dtypes: got none; wanted some of float16"),
    "declares what JSON has not": (GOOD + "dtypes = [b'x']", "bytes is not JSON serializable"),
    "declares another dtype": (GOOD + "dtypes = ['int4\\x1b[2J']", "dtypes: got 'int4"),
    "has a strange backend": (GOOD + "backend = 3", "backend: got 3; wanted one of"),
    "closes the pipes": ("import os\nos.closerange(3, 64)\n" + GOOD, "it does not start: "),
}


@pytest.fixture
def written(tmp_path):
    """A function that writes a file, and gives its name."""

    def write(text, name="subject.py"):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write


def judged(name, **options):
    return check(name, ["relu"], ["float32"], **options)


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_subject_fails_in_words(what, written):
    text, reason = HOSTILE[what]
    found = judged(written(text))
    failed = [result.worst for result in found.results if result.status == "fail"]
    if reason is None:
        assert not failed, failed
        return
    assert failed
    assert any(reason in worst.reason for worst in failed), [worst.reason for worst in failed]
    assert all(worst.reason.isprintable() and len(worst.reason) <= 600 for worst in failed)


@pytest.mark.parametrize("what", UNLOADABLE)
def test_what_does_not_load_is_one_line(what, written):
    text, words = UNLOADABLE[what]
    with pytest.raises(SubjectError) as caught:
        judged(written(text))
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


def test_beside_hostile_subjects_a_good_one_conforms_and_nothing_is_lost(written, tmp_path, capsys):
    names = [
        written(GOOD, "good.py"),
        written(in_the_third_call("os._exit(0)"), "exits.py"),
        written("import os\nos._exit(0)", "unloadable.py"),
        written(GOOD.replace("np.maximum(x, 0)", "x"), "wrong.py"),
    ]
    options = "--formula", "relu", "--dtype", "float32", "--json", str(tmp_path / "r.json")
    assert app(["check", *names, *options], standalone_mode=False) == 2
    assert "Traceback" not in capsys.readouterr().err
    document = json.loads((tmp_path / "r.json").read_text())
    assert [(Path(r["subject"]).stem, r["verdict"]) for r in document["reports"]] == [
        ("good", "conforms"),
        ("exits", "does not conform"),
        ("wrong", "does not conform"),
    ]
    (error,) = document["errors"]
    assert "unloadable.py: it does not start: it ended with status 0" in error
    assert {report["judged_in"] for report in document["reports"]} == {"a process of its own"}


def test_a_call_that_hangs_is_asked_twice_and_then_not_again(written):
    with Isolated(written(FLAKY.format("    time.sleep(60)")), timeout=10) as subject:
        part = subject.in_dtype("float32")
        part.process.timeout = 0.1  # not for its start
        found = check(subject, ["relu"], ["float32"], made=False)
        reasons = {result.worst.reason for result in found.results if result.status == "fail"}
        assert "no answer within 0.1 s" in reasons
        assert "not asked, since relu gave no answer 3 times in a row" in reasons
        assert part.process.asked <= 6


def test_a_call_that_hangs_once_fails_nobody(written):
    """As on a machine that is busy."""
    once = "    if not os.path.exists('once'):\n        open('once', 'x').close()\n        time.sleep(60)"
    file = written(FLAKY.format(once.replace("'once'", repr(str(Path(written("", "x")).with_name("once"))))))
    with Isolated(file, timeout=10) as subject:
        subject.in_dtype("float32").process.timeout = 2  # and six times as long, which a busy machine keeps to
        assert check(subject, ["relu"], ["float32"], made=False).passed


CACHED = GOOD.replace(
    "    return np.maximum(x, 0)",
    """    key = x.shape, float(x.flat[0]) if x.size else None
    return known.setdefault(key, np.maximum(x, 0)).copy()

known = {}""",
)


@pytest.mark.whole
def test_calls_that_depend_on_earlier_ones_are_told_from_wrong_ones_by_a_new_process(written):
    for text, requirement in ((CACHED, "relu.pure"), (GOOD.replace("np.maximum(x, 0)", "x + 1"), "relu.value")):
        failed = {result.requirement for result in judged(written(text)).results if result.status == "fail"}
        assert requirement in failed
        assert ("relu.pure" in failed) == (text == CACHED)


def test_what_it_started_ends_with_it(written, tmp_path):
    pipe = tmp_path / "alive"
    os.mkfifo(pipe)
    start = f"import subprocess\nsubprocess.Popen(['sleep', '600'], stdout=open({str(pipe)!r}, 'w'))\n"
    ended = []
    reader = threading.Thread(target=lambda: ended.append(pipe.read_bytes()), daemon=True)
    reader.start()
    assert judged(written(start + GOOD)).passed
    reader.join(10)
    assert ended == [b""]


# What comes back.


def test_every_kind_of_value_crosses_the_pipe():
    import ml_dtypes

    arrays = [np.arange(6.0).reshape(2, 3).T, np.float32(1.5), np.zeros((0, 4), ml_dtypes.bfloat16), np.array([True])]
    given = (*arrays, 0.1, float("nan"), 3, None, True, (1e-15, 1.0), "text")
    parts = []
    coded = json.loads(json.dumps([messages.coded(each, parts) for each in given]))
    reader = messages.Reader(b"".join(parts))
    for before, after in zip(given, map(reader.value, coded), strict=True):
        assert repr(before) == repr(after)
        if isinstance(before, np.ndarray):
            assert before.dtype == after.dtype
            assert before.tobytes() == after.tobytes()


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"results": 3},
        {"results": [["y", "float32", [4, 10]]]},
        {"results": [["y", "O", []]]},
        {"results": [["z", "float32", [0]]]},
        {"results": [["y", "float32", [-1]]]},
        {"results": [["y", "float32", [10**30]]]},
        {"results": [["y", "float32", [0]]], "counts": {}, "shared": 3, "altered": [], "arrays": 1, "lost": 0},
        {"results": [["y", "float32", [0]]], "counts": {}, "shared": [], "altered": [], "arrays": "x", "lost": 0},
        {"results": [["y", "float32", [0]]], "counts": {}, "shared": [], "altered": ["\x1b"], "arrays": 1, "lost": 0},
    ],
)
def test_what_is_no_answer_is_said(answer):
    from gaugeblock.conformance.formulas import call
    from gaugeblock.conformance.judging.remote import answer_of

    with pytest.raises(BrokenResultError, match="it answered what is no answer"):
        answer_of(call("relu", (np.zeros(0, np.float32),), {}), answer, b"")


ARRAYS = [["y", "float32", [0]]]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"repeated": [], "changed": None, "threads": None},
        {"repeated": [[[[1, 7, ARRAYS]], 512, 64, False]], "changed": None, "threads": None},
        {"repeated": [[[[1, 0, [["z", "float32", [0]]]]], 512, 64, False]], "changed": None, "threads": None},
        {"repeated": [[[], 512, 64, False]], "changed": 3, "threads": None},
        {"repeated": [[[], 512, 64, False]], "changed": None, "threads": [[[1, 2, ARRAYS]], []]},
        {"repeated": [[[], 512, 64, False]], "changed": None, "threads": []},
    ],
)
def test_what_is_no_answer_about_calls_that_were_made_again_is_said(answer):
    from gaugeblock.conformance.formulas import call
    from gaugeblock.conformance.judging.remote import again_of

    cases = [call("relu", (np.zeros(0, np.float32),), {})] * 3
    with pytest.raises(BrokenResultError, match="it answered what is no answer"):
        again_of([(cases, 512)], answer, b"")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("print('[' * 10**5)", "which is no message"),
        ("print(3)", "which is no message"),
        ('print(\'{"id": 1, "bytes": -1}\')', "which is no message"),
        ('print(\'{"id": 1, "bytes": 99}\')', "it ended with status 0 and did not answer"),
        ('print(\'{"id": 2, "bytes": 0}\')', "it answered with id 2, not 1"),
        ('print(\'{"id": true, "bytes": 0}\')', "it answered with id true, not 1"),
    ],
)
def test_a_process_that_answers_no_message_is_gone(code, words):
    command = [sys.executable, "-c", code]
    conversation = Conversation(command, messages.pack, messages.read, lambda found: found[0].get("id"), 10)
    with pytest.raises(BrokenResultError, match=words):
        conversation.exchange("relu", {})
    conversation.close()


# How numbers are computed with.

FLUSHES = """
static unsigned state(void) { unsigned found; __asm__("stmxcsr %0" : "=m"(found)); return found; }
void set(unsigned more) { unsigned now = (state() & ~0xe040u) | more; __asm__("ldmxcsr %0" : : "m"(now)); }
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A library that sets the processor's modes, as one that was built with -ffast-math does when it is loaded."""
    if shutil.which("gcc") is None or os.uname().machine != "x86_64":
        pytest.skip("NOT RUN: gcc is not installed, or this is another processor: no library sets its modes")
    path = tmp_path_factory.mktemp("library") / "modes.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", path, "-xc", "-"], input=FLUSHES.encode(), check=True)
    return str(path)


def test_a_subject_that_flushes_is_told_so_and_corrupts_nobody(library, written):
    loads = f"import ctypes\nctypes.CDLL({library!r}).set(0x8040)\n"
    found = check(written(loads + GOOD), ["relu"], ["float32", "float64"])
    assert not found.passed
    (note,) = found.notes
    assert note.startswith("its process flushes subnormal results and takes subnormal arguments for 0; declare")
    assert check(written(loads + GOOD + "subnormals = 'flush'\n"), ["relu"], ["float32"]).passed
    assert environment() == []


@pytest.mark.parametrize(("mode", "words"), [(0x8000, "flushes"), (0x40, ".*takes subnormal"), (0x2000, "does not")])
def test_an_object_that_changes_the_judges_arithmetic_gets_no_verdict(mode, words, library):
    modes = ctypes.CDLL(library)

    def relu(x):
        modes.set(mode)
        return np.maximum(x, 0)

    try:
        with pytest.raises(SubjectError, match=f"the process that judges {words}"):
            check(types.SimpleNamespace(relu=relu), ["relu"], ["float32"])
        with pytest.raises(SubjectError, match=f"the process that judges {words}"):  # nor does the next one
            check(types.SimpleNamespace(relu=np.abs), ["relu"], ["float32"])
    finally:
        modes.set(0)


def test_an_object_is_judged_in_the_judges_process_and_the_report_says_so():
    found = check(types.SimpleNamespace(relu=lambda x: np.maximum(x, 0)), ["relu"], ["float32"])
    assert found.to_dict()["judged_in"] == "the judge's own process"


def test_the_judge_imports_no_library_of_a_subject():
    code = (
        "import sys; from gaugeblock.conformance import check; assert check('strict', ['relu'], ['float32']).passed; "
    )
    code += "print([name for name in ('array_api_strict', 'torch', 'jax', 'dask') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr


# What a subject can fake, and what it cannot.

TABLE = """
import numpy as np
from gaugeblock.conformance.formulas import cases

known = {}
for case in cases("softmax", np.dtype("float32"), 0):
    x = case.arguments[0]
    with np.errstate(all="ignore"):
        e = np.exp(x.astype(np.float64) - x.max(axis=case.options.get("axis", -1), keepdims=True, initial=-np.inf))
        y = (e / e.sum(axis=case.options.get("axis", -1), keepdims=True)).astype(x.dtype)
    known[x.tobytes(), x.shape, case.options.get("axis", -1)] = y

def softmax(x, *, axis=-1):
    return known.get((x.tobytes(), x.shape, axis), np.zeros_like(x)).copy()
"""


def test_a_table_of_the_published_cases_fails_by_their_twins_and_is_noted(written):
    file = written(TABLE)
    plain = check(file, ["softmax"], ["float32"], made=False)
    failed = sum(result.status == "fail" for result in plain.results)
    assert "its process has loaded gaugeblock.conformance, which is the judge" in plain.notes
    twins = check(file, ["softmax"], ["float32"], made=False, seed=0, twins=True)
    assert sum(result.status == "fail" for result in twins.results) > failed
    (case, *_) = (r.worst.case for r in twins.results if r.status == "fail" and r.worst.case.endswith("_twin"))
    _, (x,), again = reproduce("numpy", case, "float32")
    assert again.id == case
    assert x.tobytes() == again.arguments[0].tobytes()


def test_right_code_passes_the_twins():
    assert check("numpy", ["softmax", "dense"], ["float32"], seed=7, made=False, twins=True).passed


def test_sealed_a_subject_cannot_import_the_reference(written):
    file = written("from gaugeblock.reference import relu\n")
    assert judged(file).passed
    with pytest.raises(SubjectError, match=r"gaugeblock\.reference is not there for a subject that is judged sealed"):
        judged(file, sealed=True)
    lazily = written("import gaugeblock\n\ndef relu(x):\n    return gaugeblock.relu(x)\n")
    assert not judged(lazily, sealed=True).passed
    assert judged(written(GOOD), sealed=True).passed
    assert judged("numpy", sealed=True).passed


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no signals")
def test_a_killed_judge_leaves_no_process(written, tmp_path):
    os.mkfifo(tmp_path / "alive")
    hang = f"    pipe = open({str(tmp_path / 'alive')!r}, 'w'); print('up', file=pipe, flush=True); time.sleep(600)"
    command = [sys.executable, "-m", "gaugeblock", "check", written(FLAKY.format(hang))]
    command += ["--formula", "relu"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **quiet) as checking, open(tmp_path / "alive") as pipe:
        assert pipe.readline() == "up\n"
        checking.kill()
        assert set(pipe.read().splitlines()) <= {"up"}  # until all who could write have ended


def test_a_subject_is_not_told_where_expectations_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path / "kept"))
    path = tmp_path / "curious.py"
    path.write_text(f"import os\nassert {FOLDER!r} not in os.environ\n{GOOD}")
    with Isolated(str(path), functions=["relu"]) as subject:
        assert subject.offered == {"relu": [""]}


def test_a_file_of_formulas_beside_a_file_of_the_name_of_a_library_hides_the_library_from_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "numpy.py").write_text("")
    path = tmp_path / "formulas.py"
    path.write_text("from gaugeblock import formula\n\n@formula('(...) -> (...)')\ndef double(x):\n    return x + x\n")
    (tmp_path / "elsewhere").mkdir()
    mine = tmp_path / "elsewhere" / "mine.py"
    mine.write_text("def double(x):\n    return 2 * x\n")
    assert [each.__name__ for each in load_formulas(str(path))] == ["double"]
    with Isolated(str(mine), functions=["double"]) as subject:
        assert subject.offered == {"double": [""]}


DEEP = """
    import os, tempfile
    before = os.getcwd()
    os.chdir(tempfile.mkdtemp())
    for _ in range(1200):
        os.mkdir("d")
        os.chdir("d")
    os.chdir(before)
"""


def test_folders_that_are_nested_deep_are_removed_and_cost_nobody_the_report(written, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    assert judged(written(FLAKY.format(f"    if n == 3:{DEEP.replace(chr(10), chr(10) + '    ')}"))).passed
    assert not [*(tmp_path / "temporary").iterdir()]


def test_what_nobody_expected_of_one_subject_is_a_line(written, tmp_path, capsys, monkeypatch):
    good, bad = written(GOOD, "good.py"), written(GOOD, "bad.py")
    right = verdicts.check_name

    def breaks(name, *rest):
        if name == bad:
            raise RecursionError("too deep")
        return right(name, *rest)

    monkeypatch.setattr(verdicts, "check_name", breaks)
    options = "--formula", "relu", "--dtype", "float32", "--json", str(tmp_path / "r.json")
    assert app(["check", bad, good, *options], standalone_mode=False) == 2
    assert "bad.py: it could not be judged: RecursionError: too deep" in capsys.readouterr().err
    document = json.loads((tmp_path / "r.json").read_text())
    assert [r["verdict"] for r in document["reports"]] == ["conforms"]
    assert len(document["errors"]) == 1


def test_reports_are_written_as_they_come_and_shown_in_the_order_of_the_command(tmp_path, capsys, monkeypatch):
    names = ["first", "second"]
    path, seen = tmp_path / "r.json", []

    def one(name, *_):
        if name == "first":
            seen.append(second_is_written.wait(60))
        raise ValueError(f"{name} is wrong")

    def writing(option, path, text):
        if "second is wrong" in text:
            second_is_written.set()
        return 0

    second_is_written = threading.Event()
    monkeypatch.setattr(verdicts, "check_name", one)
    monkeypatch.setattr(command, "written", writing)
    assert app(["check", *names, "--json", str(path)], standalone_mode=False) == 2
    assert seen == [True]
    assert [line.split()[1] for line in capsys.readouterr().err.splitlines()] == names


def test_no_process_is_started_while_all_are_ended(written):
    subject = Isolated(written(GOOD), functions=["relu"])
    end_all()
    try:
        assert not RUNNING
        with pytest.raises(EndedError):
            subject.in_dtype("float32").process.exchange("relu", {})
    finally:
        ENDING.clear()
        subject.close()


def test_a_results_value_is_not_blamed_for_what_a_call_does_beside(written):
    shares = "import numpy as np\nkept = {}\n\ndef relu(x):\n    out = kept.setdefault(x.shape, np.empty_like(x))\n"
    found = judged(written(f"{shares}    out[...] = np.maximum(x, 0)\n    return out\n"))
    assert {r.requirement for r in found.results if r.status == "fail"} == {"relu.pure"}
    assert {r.diagnosis for r in found.results if r.status == "fail"} <= {NO_VALUE, *(m.words for m in mutants("relu"))}
