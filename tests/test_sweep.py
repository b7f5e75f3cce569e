"""The exhaustive sweep: every value is counted once, what is planted is found, and nothing that is done is lost."""

import json
import re
import signal
import sqlite3
import subprocess
import sys
from importlib import resources

import accuracy
import flint
import jsonschema
import ml_dtypes
import numpy as np
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from gaugeblock import backends
from gaugeblock.conformance.arithmetic.rounding import MODELS, nearest
from gaugeblock.conformance.cli import sweep as cli
from gaugeblock.conformance.sweep import chunks, comparison, sweep, tallies
from gaugeblock.conformance.sweep.document import to_document, verdict
from gaugeblock.conformance.sweep.tallies import NOTHING, Place, Sweep, Tally

SCHEMA = json.loads(resources.files("gaugeblock.conformance.sweep").joinpath("sweep.schema.json").read_text())


def result(chosen, folder):
    """The document of a sweep, computed in this process."""
    return to_document(chosen, chunks.run(sweep.checked(chosen), folder, map, lambda what: None))


def command(*arguments):
    return [sys.executable, "-m", "gaugeblock", "sweep", *map(str, arguments)]


def run(*arguments, cwd=None):
    """What the command does; a worker that outlived it would keep its standard error open, and this waiting."""
    return subprocess.run(command(*arguments), capture_output=True, text=True, cwd=cwd, timeout=60, check=False)


def subject(folder, text):
    """A file of a subject, with relu as it should be unless `text` has another."""
    path = folder / "subject.py"
    path.write_text("import os, signal\nimport numpy as np\ndef relu(x):\n    return np.maximum(x, 0)\n" + text)
    return str(path)


# Every value, and what is planted.


@pytest.mark.parametrize("formula", ["relu", "exp", "log", "sqrt"])
def test_every_value_of_float16_is_counted_once_and_within_the_limit(formula, tmp_path):
    document = result(Sweep("numpy", formula, "float16"), tmp_path)
    assert document["values"] == sum(region["values"] for region in document["regions"].values()) == 2**16
    assert document["holds"]
    jsonschema.Draft202012Validator(SCHEMA).validate(document)


@pytest.mark.parametrize("dtype", tallies.DTYPES)
@pytest.mark.parametrize("formula", ["exp", "log", "sqrt"])
def test_the_errors_are_those_that_arb_finds(formula, dtype):
    """Of results that are a few ulp off, down to subnormal ones and up to infinity, for random bits."""
    model, rng = MODELS[dtype], np.random.default_rng(0)
    x = tallies.of_bits(rng.integers(0, 2 ** (8 * np.dtype(dtype).itemsize), 3000), dtype)
    with np.errstate(all="ignore"):
        wide = x.astype(float)
        y = getattr(np, formula)(wide)
        off = y * (1 + model.unit * rng.uniform(-9, 9, 3000))
        got = np.where(comparison.specials(formula, wide, y), y, off).astype(dtype)
        tally = comparison.compared(Sweep("numpy", formula, dtype), False, 0, [x], got, check=True)
    histogram, worst = [0] * (len(tallies.EDGES) + 1), 0
    for value, found, special in zip(wide, got.astype(float), comparison.specials(formula, wide, y), strict=True):
        if special:
            continue
        with flint.ctx.workprec(300):
            ball = getattr(flint.arb(float(value)), formula)()
            near = min(abs(nearest(ball, model)), model.largest)
            ulp = float(ml_dtypes.finfo(dtype).smallest_subnormal)
            while near >= 2 * ulp * 2 ** (model.precision - 1):
                ulp *= 2
            overflows = found > model.largest and ball > 2 ** (2 - model.exponent)
            after = min(float(found), 2.0 ** (2 - model.exponent))  # an infinite result is the number after the largest
            error = flint.arb(0) if overflows else abs(flint.arb(after) - ball) / flint.arb(ulp)
            histogram[sum(error > edge for edge in tallies.EDGES)] += 1
            worst = max(worst, float(error))
    assert list(tally.histogram) == histogram
    assert np.isclose(tally.ulp, worst, rtol=1e-12)
    assert sum(histogram) > 700
    assert tally.wrong == 0


PLANTED = {
    "relu, one value": (
        "relu",
        0x3C01,
        "def relu(x):\n    y = np.maximum(x, 0)\n    y[x == 1.0009765625] = 1\n    return y",
        1,
    ),
    "relu, NaN": ("relu", 0x7C01, "def relu(x):\n    return np.where(x > 0, x, np.float16(0))", 2046),
    "exp, 2 ulp": (
        "exp",
        0xBC00,
        "def exp(x):\n    y = np.exp(x)\n    y[x == -1] += np.float16(2**-11)\n    return y",
        1,
    ),
    "exp(-inf)": ("exp", 0xFC00, "def exp(x):\n    y = np.exp(x)\n    y[x == -np.inf] = 1\n    return y", 1),
    "log, a negative number": ("log", 0xBC00, "def log(x):\n    y = np.log(x)\n    y[x == -1] = 0\n    return y", 1),
    "log, NaN": ("log", 0x4000, "def log(x):\n    y = np.log(x)\n    y[x == 2] = np.nan\n    return y", 1),
    "sqrt(-0)": ("sqrt", 0x8000, "def sqrt(x):\n    return np.sqrt(x) + np.float16(0)", 1),
    "sqrt, infinite": ("sqrt", 0x4400, "def sqrt(x):\n    y = np.sqrt(x)\n    y[x == 4] = np.inf\n    return y", 1),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_found_with_its_bits(name, tmp_path):
    formula, bits, text, count = PLANTED[name]
    document = result(Sweep(subject(tmp_path, text), formula, "float16"), tmp_path)
    assert not document["holds"]
    assert sum(region["over"] for region in document["regions"].values()) == count
    (region,) = [region for region in document["regions"].values() if region["over"]]
    assert region["first"]["bits"] == f"{bits:#06x}"
    assert region["beyond"] == (0 if name == "sqrt(-0)" else count)  # the sign of a zero has no bound
    jsonschema.Draft202012Validator(SCHEMA).validate(document)


def test_where_no_formula_takes_exp_the_limit_is_reported_and_not_demanded(tmp_path):
    text = "def exp(x):\n    return np.where(x > 1, np.exp(x) * np.float16(1.003), np.exp(x))"
    document = result(Sweep(subject(tmp_path, text), "exp", "float16"), tmp_path)
    assert document["holds"]
    assert document["regions"]["x > 0"]["first"]["bits"] == "0x3c01"
    assert document["regions"]["x <= 0"]["over"] == 0


@pytest.mark.parametrize(("declared", "flushed"), [("gradual", 0), ("flush", 2**22 - 1)])
def test_subnormals_count_as_0_where_that_is_declared(declared, flushed, tmp_path):
    text = f"subnormals = {declared!r}\ndef sqrt(x):\n    return np.sqrt(np.where(x < 2.0**-126, x * 0, x))"
    chosen = Sweep(subject(tmp_path, text), "sqrt", "float32")
    _, tally = sweep.sweep_chunk(chosen, sweep.identity(chosen), 0)
    assert tally.flushed == flushed
    assert tally.exact == 1
    assert tally.values == 2**22
    assert (tally.ulp > 1) == (flushed == 0)


@pytest.mark.parametrize(("text", "over"), [("", False), ("w = np.nextafter(w, 0, dtype=w.dtype)", True)])
def test_a_product_of_the_neuron_is_rounded_once(text, over, tmp_path):
    file = subject(tmp_path, f"def neuron(x, w, b):\n    {text or 'pass'}\n    return x[:, 0] * w + b")
    chosen = Sweep(file, "neuron", "float16")
    _, tally = sweep.sweep_chunk(chosen, sweep.identity(chosen), 0x4248 // 64)  # among the 64 w there is pi
    assert tally.values == 2**22
    assert (tally.ulp > chosen.limit) == over
    assert (tally.first is not None) == over
    x, w, b = sweep.arguments(chosen, 0x42483C00, 1)
    assert (x[0, 0], w[0], b) == (1, np.float16(np.pi), 0)


# The reduction.

places = st.none() | st.builds(Place, st.integers(0, 9), st.integers(0, 9))
counts = st.integers(0, 9)
histograms = st.tuples(*[counts] * len(NOTHING.histogram))
some_tally = st.builds(
    Tally,
    counts,
    counts,
    histograms,
    counts,
    counts,
    st.sampled_from([1.0, 2.0]),
    places,
    places,
    st.sampled_from([0.5, 1.0]),
)


@given(a=some_tally, b=some_tally, c=some_tally)
def test_tallies_add_up_in_any_order(a, b, c):
    assert (a + b) + c == a + (b + c) == (c + a) + b
    assert a + NOTHING == a
    assert (a + b).values == a.values + b.values
    assert chunks.tally_of(json.loads(json.dumps(a))) == a


@pytest.mark.parametrize("wrong", ["lost", "off by one"])
def test_a_value_that_is_lost_is_noticed(wrong, tmp_path):
    chosen = Sweep("numpy", "relu", "float16")
    found = chunks.run(chosen, tmp_path, map, lambda what: None)
    found[3] = NOTHING if wrong == "lost" else found[3]._replace(exact=found[3].exact - 1)
    with pytest.raises(ArithmeticError, match="values were counted; there are 65,536"):
        to_document(chosen, found)


# Stopped and continued.

COUNTED = """
calls = {folder!r} + '/calls'
def relu(x):
    if len(x) != 4096:  # no chunk: the values by which it is known again
        return np.maximum(x, 0)
    number = int(x[:1].view(np.uint16)[0]) // 4096
    with open(calls, 'a') as file:
        file.write(f'{{number}}\\n')
    once = calls + ' once'
    if number == {number} and not os.path.exists(once):
        open(once, 'x').close()
        os.kill({process}, signal.{signal})
    return np.maximum(x, 0)
"""


def counted(folder, process, number=9, signal="SIGKILL"):
    """A subject that keeps a list of the chunks that it is asked for, and sends a signal once, in one of them."""
    return subject(folder, COUNTED.format(folder=str(folder), process=process, number=number, signal=signal))


def calls(folder):
    """The chunks that were asked for since this was called last."""
    path = folder / "calls"
    found = sorted(map(int, path.read_text().split()))
    path.unlink()
    return found


def stored(folder):
    with sqlite3.connect(next(folder.glob("*.sqlite"))) as file:
        return {number for (number,) in file.execute("SELECT number FROM chunks")}


KILLED = """
import os, signal, sys
from pathlib import Path
from gaugeblock import backends
from gaugeblock.conformance.sweep import chunks
from gaugeblock.conformance.sweep.tallies import Sweep
told = iter(range(5))
def tell(what):
    if next(told) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
chunks.run(Sweep(sys.argv[1], "relu", "float16"), Path(sys.argv[2]), map, tell)
"""


def test_killed_between_two_chunks_and_continued_none_is_lost_or_repeated(tmp_path):
    file = counted(tmp_path, process=0, number=-1)
    done = subprocess.run([sys.executable, "-c", KILLED, file, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert calls(tmp_path) == sorted(stored(tmp_path)) == [0, 1, 2, 3, 4]
    document = result(Sweep(file, "relu", "float16"), tmp_path)
    assert calls(tmp_path) == list(range(5, 16))
    assert document["holds"]
    assert result(Sweep(file, "relu", "float16"), tmp_path) == document
    assert not (tmp_path / "calls").exists()


# Runs a command that hears Ctrl-C, even where the tests were started in a shell's background.
HEARING = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"


@pytest.mark.parametrize(("sent", "status"), [("SIGKILL", -9), ("SIGINT", 130)])
def test_the_command_is_stopped_and_continued(sent, status, tmp_path):
    """Its workers end with it; the test would otherwise wait for them."""
    options = counted(tmp_path, "os.getppid()", signal=sent), "--formula", "relu", "--dtype", "float16"
    hearing = [sys.executable, "-c", HEARING, *command(*options, "--output", tmp_path)]
    done = subprocess.run(hearing, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert ("the same command continues it" in done.stderr) == (status == 130)
    kept = stored(tmp_path)
    assert len(kept) < 16
    calls(tmp_path)
    done = run(*options, "--output", tmp_path, "--json", tmp_path / "result.json")
    assert done.returncode == 0, done.stderr
    assert calls(tmp_path) == sorted(set(range(16)) - kept)
    assert json.loads((tmp_path / "result.json").read_text())["values"] == 2**16
    assert "65,536 values" in done.stdout
    assert done.stderr == ""


STOPPED = """
import os, signal, time
from functools import partial
from pathlib import Path
from gaugeblock.conformance.sweep import chunks

def one(number):
    Path(str(number)).touch()
    time.sleep(0.05)  # as a chunk takes

if __name__ == "__main__":
    (blocked,) = chunks.processes(partial(signal.pthread_sigmask, signal.SIG_BLOCK), [()])
    print(signal.SIGINT in blocked, signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    every = 200 * (os.cpu_count() or 1)
    found = chunks.processes(one, range(every))
    next(found)
    found.close()
    print(len(list(Path().glob("[0-9]*"))) < every)
"""


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals of POSIX")
def test_ctrl_c_is_for_the_parent_alone_which_computes_nothing_more(tmp_path):
    """In a program of its own, whose path no other test has added to."""
    (tmp_path / "stopped.py").write_text(STOPPED)
    done = subprocess.run([sys.executable, "stopped.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("True False\nTrue\n", "")


def test_a_worker_process_that_is_killed_is_said_in_one_line(tmp_path):
    done = run(counted(tmp_path, "os.getpid()"), "--formula", "relu", "--dtype", "float16", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "gaugeblock: a process of the sweep was killed; the same command continues it\n"
    assert stored(tmp_path / "sweeps") <= set(range(16)) - {9}


# On a cluster.


@pytest.mark.thorough
def test_a_worker_of_a_cluster_that_dies_midway_loses_nothing(tmp_path):
    """A scheduler and three workers, each a process of its own; one is killed in the middle of a chunk."""
    pytest.importorskip("distributed", reason="the extra 'dask' adds it")
    file, programs = counted(tmp_path, "os.getpid()"), []

    def start(*arguments):
        words = [sys.executable, "-m", "dask", *arguments]
        programs.append(subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True))
        return programs[-1]

    try:
        scheduler = start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        address = next(found[0] for line in scheduler.stderr if (found := re.search(r"tcp://[\d.:]+", line)))
        options = "--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(tmp_path)
        workers = [start("worker", address, *options) for _ in range(3)]
        done = run(
            file,
            "--formula",
            "relu",
            "--dtype",
            "float16",
            "--scheduler",
            address,
            "--output",
            tmp_path,
            "--json",
            tmp_path / "result.json",
        )
        assert done.returncode == 0, done.stderr
        assert json.loads((tmp_path / "result.json").read_text())["values"] == 2**16
        assert stored(tmp_path) == set(calls(tmp_path)) == set(range(16))
        assert [worker.poll() for worker in workers].count(-signal.SIGKILL) == 1
    finally:
        for program in reversed(programs):
            program.kill()
            program.communicate()


@pytest.mark.thorough
def test_dask_on_this_machine_finds_the_same(tmp_path):
    pytest.importorskip("distributed", reason="the extra 'dask' adds it")
    options = "numpy", "--formula", "exp", "--dtype", "float16", "--json", tmp_path / "result.json"
    done = run(*options, "--dask", "local:2", "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "result.json").read_text()) == result(
        Sweep("numpy", "exp", "float16"), tmp_path / "other"
    )


# Mistakes in its use.


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (Sweep("nmpy", "exp", "float16"), "subject: got 'nmpy'.*did you mean 'numpy'"),
        (Sweep("numpy", "exo", "float16"), "--formula: got 'exo'; did you mean 'exp'\\?$"),
        (Sweep("numpy", "exp", "float64"), "--dtype: got 'float64'; wanted one of float16, bfloat16, float32"),
        (Sweep("numpy", "exp", "bfloat16"), "numpy: it does not offer bfloat16; wanted one of float16, float32"),
        (Sweep("numpy", "neuron", "float32"), "--dtype: got 'float32' for the neuron; wanted float16"),
        (Sweep("numpy", "exp", "float16", "cuda"), "device: got 'cuda'"),
    ],
)
def test_what_cannot_be_swept_is_one_line(chosen, message):
    with pytest.raises(ValueError, match=message) as error:
        sweep.checked(chosen)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def relu(x):\n    return np.float32(x)", "returned an array of dtype float32"),
        ("def relu(x):\n    raise RuntimeError('no\\nway')", "relu raised RuntimeError: no way"),
        ("del relu\nsoftmax = abs", "it has no relu"),
    ],
)
def test_a_function_that_fails_is_one_line(text, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        result(Sweep(subject(tmp_path, text), "relu", "float16"), tmp_path)


def test_a_store_takes_no_chunks_of_another_sweep(tmp_path):
    chosen = Sweep(subject(tmp_path, ""), "relu", "float16")
    wanted = sweep.identity(chosen)
    result(chosen, tmp_path)
    (path,) = tmp_path.glob("*.sqlite")
    for key, value in ("spec", "0"), ("versions", {"numpy": "0"}), ("sha256", "0"), ("chunk", 1), ("schema", 0):
        with pytest.raises(ValueError, match=f"{key} .*name another folder with --output"):
            chunks.Store(path, {**wanted, key: value})
    with pytest.raises(ValueError, match=r"a worker on .* has spec 1"):
        sweep.sweep_chunk(chosen, {**wanted, "spec": "0"}, 0)
    store = chunks.Store(path, wanted)
    with pytest.raises(ValueError, match="another sweep is writing it"):
        chunks.Store(path, wanted)
    store.close()
    path.write_text("something else")
    with pytest.raises(ValueError, match=r"not a database; .* name another folder"):
        chunks.Store(path, wanted)
    with pytest.raises(ValueError, match=r"--output: .*name another folder"):
        chunks.Store(path / "file", wanted)


def test_a_wrong_option_is_one_line(tmp_path, capsys):
    for wrong, message in (
        ({"dask": "4"}, "--dask: got '4'; wanted local:N, such as local:4"),
        ({"dask": "local:2", "scheduler": "tcp://a:1"}, "--dask: got 'local:2' and --scheduler too; wanted one or"),
    ):
        with pytest.raises(typer.TyperException, match=message):
            cli.sweep("numpy", "exp", **wrong)
    with pytest.raises(typer.Exit) as left:
        cli.sweep("numpy", "exp", scheduler="there", output=tmp_path)
    assert left.value.exit_code == 2
    assert "--scheduler: got 'there'; wanted an address such as tcp://localhost:8786\n" in capsys.readouterr().err


def test_a_scheduler_that_does_not_answer_is_one_line(monkeypatch):
    pytest.importorskip("distributed", reason="the extra 'dask' adds it")
    monkeypatch.setattr(chunks, "SECONDS", 0.2)
    with (
        pytest.raises(ValueError, match=r"--scheduler: tcp://127.0.0.1:1: it cannot be reached"),
        chunks.dask_client("tcp://127.0.0.1:1", None),
    ):
        pass


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(ValueError, match=r"--dask: distributed is not installed; `pip install '.\[dask\]'`"),
        chunks.dask_client(None, 2),
    ):
        pass


# What is published.


def test_the_page_says_what_the_results_say():
    assert accuracy.PAGE.read_text() == accuracy.page(accuracy.results())


def test_every_result_is_whole_and_of_the_accuracy_that_the_specification_states():
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for document in accuracy.results():
        validator.validate(document)
        chosen = Sweep(document["subject"], document["formula"], document["dtype"], every=document.get("every", 1))
        assert document["limit"] == chosen.limit
        assert sum(region["values"] for region in document["regions"].values()) == document["values"] == chosen.values
        for region in document["regions"].values():
            parts = region["exact"], region["flushed"], region["wrong"], *region["histogram"]
            assert sum(parts) == region["values"]
    swept = {(each["subject"], each["formula"], each["dtype"]) for each in accuracy.results()}
    for name in ("numpy", "jax", "torch"):
        offered = backends.load(name).dtypes
        formulas = [formula for formula, each in tallies.FORMULAS.items() if not each.pairs]
        wanted = {(name, formula, dtype) for formula in formulas for dtype in tallies.DTYPES if dtype in offered}
        assert wanted <= swept
    assert ("numpy", "neuron", "float16") in swept


def test_a_sample_is_of_values_all_over_and_says_so(tmp_path):
    sample = Sweep("numpy", "tanh", "float16", every=64)
    bits = sample.bits(np.arange(sample.values))
    assert np.array_equal(bits // 64, np.arange(1024))
    assert len(set((bits % 64).tolist())) > 60
    found = dict(sweep.sweep_chunk(sample, sweep.identity(sample), number) for number in sample.numbers)
    document = to_document(sample, found)
    jsonschema.validate(document, SCHEMA)
    assert (document["every"], document["values"], document["limit"]) == (64, 1024, 2)
    region = document["regions"]["all"]
    assert verdict("all", region, is_sample=True) == "not refuted"
    x = tallies.of_bits(np.asarray([int(region["worst"]["bits"], 16)]), "float16")[0]
    assert (str(x), str(np.tanh(x))) == (region["worst"]["x"], region["worst"]["result"])
    with pytest.raises(ValueError, match="--every: got 3; wanted a power of two"):
        sweep.checked(sample._replace(every=3))


@pytest.mark.parametrize("formula", tallies.OTHERS)
def test_a_function_that_is_off_is_refuted(formula):
    """NumPy's own conforms in float16, and one that is off by 2 ulp does not."""
    right = Sweep("numpy", formula, "float16")
    low = 1.0 if formula == "acosh" else 0.1
    given = [np.linspace(low, low + 0.8, 99, dtype=np.float16)]
    got = sweep.results(right, sweep.loaded("numpy", None), given)
    assert comparison.compared(right, False, 0, given, got, check=True).first is None
    off = tallies.of_bits(tallies.to_bits(got) + np.uint16(2), "float16")
    assert comparison.compared(right, False, 0, given, off, check=True).first is not None


@pytest.mark.parametrize("formula", tallies.COMPOSED)
def test_a_function_that_is_made_of_others_is_swept(formula):
    """One that is off by more than the limit is refuted, and its float64 function is as accurate as assumed."""
    right = Sweep("numpy", formula, "float16")
    given = [np.linspace(0.1, 0.9, 99, dtype=np.float16)]
    got = sweep.results(right, sweep.loaded("numpy", None), given)
    assert comparison.compared(right, False, 0, given, got, check=True).first is None
    off = tallies.of_bits(tallies.to_bits(got) + np.uint16(8), "float16")
    assert comparison.compared(right, False, 0, given, off, check=True).first is not None


def test_an_oracle_that_is_worse_than_assumed_is_noticed():
    y = np.exp(1.0)
    assert comparison.certain("exp", 1.0, y, float(np.float32(y)), MODELS["float32"])[0] < 0.5
    with pytest.raises(ArithmeticError, match="assumed 64"):
        comparison.certain("exp", 1.0, y * (1 + 2.0**-44), float(np.float32(y)), MODELS["float32"])


# What was swept.


def test_code_that_has_changed_is_not_taken_for_what_was_swept(tmp_path):
    (tmp_path / "one").write_text("1")
    read = f"import pathlib\none = float(pathlib.Path({str(tmp_path / 'one')!r}).read_text())\n"
    text = f"{read}def exp(x):\n    return np.exp(x) * x.dtype.type(one)\n"
    chosen = Sweep(subject(tmp_path, text), "exp", "float16")
    assert result(chosen, tmp_path)["holds"]
    (tmp_path / "one").write_text(str(1 + 2.0**-10))
    sweep.loaded.cache_clear()
    sweep.identity.cache_clear()
    with pytest.raises(ValueError, match=r"its chunks have outputs [0-9a-f]{64}, and here it is"):
        result(chosen, tmp_path)


def test_a_file_that_has_exp_alone_is_swept_and_a_tally_that_was_changed_is_noticed(tmp_path):
    (tmp_path / "only.py").write_text("import numpy as np\n\ndef exp(x):\n    return np.exp(x)\n")
    chosen = Sweep(str(tmp_path / "only.py"), "exp", "float16")
    assert result(chosen, tmp_path)["holds"]
    with sqlite3.connect(next(tmp_path.glob("*.sqlite"))) as file:
        file.execute("UPDATE chunks SET tally = replace(tally, '0', '1') WHERE number = 5")
    with pytest.raises(ValueError, match="chunk 5 is not as it was written"):
        result(chosen, tmp_path)


def test_a_full_disk_is_one_line(tmp_path):
    store = chunks.Store(tmp_path / "store.sqlite", {})
    store.file.execute("PRAGMA max_page_count = 3")
    with pytest.raises(ValueError, match="database or disk is full; the same command continues it"):
        fill(store)
    store.close()


def fill(store):
    for number in range(1000):
        store.add(number, NOTHING)


def test_a_function_that_is_nearly_constant_is_settled_once(monkeypatch):
    """acos is the same number for half of all values, whose largest errors differ by less than the oracle's."""
    asked = []

    def counted(formula, x, *rest):
        asked.append(x)
        return certain(formula, x, *rest)

    certain = comparison.certain
    monkeypatch.setattr(comparison, "certain", counted)
    x = tallies.of_bits(np.arange(2**15), "float32")
    tally = comparison.compared(Sweep("numpy", "acos", "float32"), False, 0, [x], np.arccos(x), check=False)
    assert len(asked) == 1
    assert np.isclose(tally.ulp, abs(float(np.float32(np.pi / 2)) - np.pi / 2) * 2**23, rtol=1e-5)
    assert tally.values == 2**15
