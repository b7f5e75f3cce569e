"""`gaugeblock bench`: what it measures is judged, what it cannot measure is said, and the pages are what it found."""

import json
import re
import sys
from importlib import resources
from pathlib import Path

import goals
import growth
import jsonschema
import numpy as np
import pytest
import speed
from test_command_line import run

from gaugeblock import backends, spec
from gaugeblock.conformance import bench
from gaugeblock.conformance.bench import contenders, judge, naive, peers, plot, tables, worker
from gaugeblock.conformance.bench.work import Work, of_size

ROOT = Path(__file__).parent.parent
SCHEMA = json.loads(resources.files("gaugeblock.conformance.bench").joinpath("bench.schema.json").read_text())


@pytest.fixture
def quick(monkeypatch):
    """One call in each batch, and two rounds."""
    monkeypatch.setattr(worker, "TURN", 0)
    monkeypatch.setattr(worker, "ROUNDS", 2)


@pytest.fixture
def alone(monkeypatch):
    """No peers."""
    monkeypatch.setattr(contenders, "peers", lambda names: {})


def small(formula):
    return Work("adam", (7,), tensors=2) if formula == "adam" else of_size(formula, 12)


def conforming(measurement):
    return {each["name"]: float(each["ratio"]) <= 1 for each in measurement["contenders"] if "ratio" in each}


@pytest.mark.thorough
def test_a_run_shows_a_table_and_writes_its_document_and_a_plot(tmp_path):
    done = run("bench", "--formula", "neuron", "--size", "20", "--json", "run.json", "--plot", "run.svg", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads((tmp_path / "run.json").read_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    (measurement,) = document["measurements"]
    assert measurement["elements"] == 20
    names = ["floor", "naive", "gaugeblock.numpy", "torch.nn.functional", "jax.nn"]
    assert [contender["name"] for contender in measurement["contenders"]] == names
    assert all(conforming(measurement).values())
    assert all(name in done.stdout for name in (*names, "neuron 1 x 20", "error / bound"))
    assert "neuron" in (tmp_path / "run.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nmpy"], "backend: got 'nmpy'; wanted one of dask, jax, numpy, strict, torch"),
        (["--formula", "sofmax"], "formula: got 'sofmax'; did you mean 'softmax'?"),
        (["--size", "0"], "size: got 0; wanted a number of elements, at least 1"),
        (["--size", "many"], "--size"),
        (["--plot", "growth.png"], "--plot: got 'growth.png'; wanted a file.svg"),
        (["--plot", "a.svg", "--json", "a.svg"], "--json, --plot: got one file for two of them"),
        (["--json", "no/folder/run.json"], "--json: no/folder/run.json: cannot be written"),
    ],
)
def test_a_mistake_is_one_line(arguments, words, main, tmp_path):
    done = main("bench", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_help_says_how_long_it_takes(main):
    assert re.search(r"takes about \w+ minutes", " ".join(main("bench", "--help").stdout.split()))


@pytest.mark.parametrize("formula", spec.formulas())
def test_every_contender_of_a_formula_conforms(formula, quick, monkeypatch):
    """Plain NumPy, the backends and PyTorch; JAX compiles too long for all."""
    chosen = {name: peer for name, peer in peers.peers(["numpy"]).items() if peer.backend == "torch"}
    monkeypatch.setattr(contenders, "peers", lambda names: chosen)
    found = worker.measure(small(formula), ["numpy", "torch", "strict"])
    assert {"gaugeblock.numpy", "gaugeblock.torch", "gaugeblock.strict"} <= set(conforming(found))
    assert ("naive" in conforming(found)) == hasattr(naive, formula)
    assert ("torch.nn.functional" in conforming(found)) == (formula in peers.TORCH)
    assert all(good for name, good in conforming(found).items() if name != "optax")
    assert not found["missing"]


def test_jax_and_the_peers_of_numpy_are_measured(quick):
    found = worker.measure(of_size("softmax", 12), ["jax"])
    assert set(conforming(found)) >= {"gaugeblock.jax, jit", "jax.nn", "scipy.special", "onnxruntime"}
    assert all(conforming(found).values())


def test_a_wrong_result_is_said(quick, alone, monkeypatch):
    monkeypatch.setattr(naive, "relu", lambda x: np.maximum(x, 0) * np.float32(1.001))
    monkeypatch.setattr(backends.load("numpy"), "relu", lambda x: np.maximum(x, 0).astype(np.float64))
    found = worker.measure(Work("relu", (3, 4)), ["numpy"])
    assert conforming(found) == {"naive": False, "gaugeblock.numpy": False}
    shown = [list(column.cells) for column in tables.speed(found).columns]
    assert "WRONG" in shown[-1][1]
    assert "y: float64 of shape (3, 4)" in shown[-1][2]


def test_the_sample_of_a_large_result_is_judged(quick, alone, monkeypatch):
    """Two rows of eight: a mistake in all of them is seen, and the sums over all rows are left out."""
    monkeypatch.setattr(worker, "SAMPLE", 8)
    work = Work("dense_vjp", (8, 4, 4))
    assert len(worker.sample(work)) == 2
    assert all(conforming(worker.measure(work, ["numpy"])).values())
    right = naive.dense_vjp
    monkeypatch.setattr(naive, "dense_vjp", lambda *arguments: (1.001 * right(*arguments)[0], 0, 0))
    assert conforming(worker.measure(work, ["numpy"])) == {"naive": False, "gaugeblock.numpy": True}


def test_what_raises_or_is_not_installed_is_said(quick, monkeypatch):
    monkeypatch.setattr(naive, "log_softmax", lambda x: 1 / 0)
    for name in ("scipy.special", "onnxruntime", "keras"):
        monkeypatch.setitem(sys.modules, name, None)
    found = worker.measure(of_size("log_softmax", 12), ["numpy"])
    reasons = found["missing"]
    assert tables.speed(found).row_count == len(found["contenders"]) == 4  # without a ratio
    assert any(line.startswith("scipy.special: scipy.special is not installed; `pip install") for line in reasons)
    assert [line.partition(":")[0] for line in reasons] == [
        *("scipy.special", "onnxruntime", "keras.ops on numpy"),
        "naive",
    ]
    assert reasons[-1] == "naive: it raised ZeroDivisionError: division by zero"


def test_a_process_that_dies_and_a_work_too_large_are_said(monkeypatch):
    (found,) = bench.measure([Work("relu", (-1,))], ["numpy"])
    assert found["contenders"] == []
    assert "relu -1: the process ended with status 1: " in found["missing"][0]
    monkeypatch.setattr(bench, "memory", lambda: 1000)
    (found,) = bench.measure([Work("adam", (100,))], ["numpy"])
    assert found["missing"] == ["adam 100: it needs more memory than is free"]
    assert plot.growth([found]).startswith("<?xml")


def test_ratios_are_of_the_same_rounds():
    assert tables.quartiles([1.0, 20.0, 3.0], [1.0, 10.0, 1.0]) == (1.5, 2.0, 2.5)
    assert tables.quartiles([3.0], [2.0]) == (1.5,) * 3


def test_an_import_and_the_oracle_are_measured(monkeypatch):
    """One round of each."""
    in_turns = judge.in_turns
    monkeypatch.setattr(judge, "in_turns", lambda actions, rounds: in_turns(actions, 1, enough=0))
    found = judge.measured(lambda what: None)
    assert found["imports"].keys() == {"numpy", "gaugeblock"}
    assert all(seconds > 0 for each in found["imports"].values() for seconds in each)
    assert [each["elements"] for each in found["oracle"]] == [1_000_000, 1_000_000, 50_000, 50_000]


@pytest.mark.parametrize("name", speed.RUNS)
def test_the_results_follow_the_schema(name):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(speed.load(name))


def test_the_pages_say_what_the_results_do():
    tables_run, growth_run = speed.load("speed"), speed.load("growth")
    page = (ROOT / "benchmarks/README.md").read_text()
    for name, text in speed.texts(tables_run, growth_run).items():
        assert f"<!-- {name}: {speed.COMMAND} -->\n\n{text}\n<!-- end of {name} -->" in page


@pytest.mark.parametrize(("version", "shown"), [("1.0", "not measured | not known"), (spec.VERSION, "7 s | **no**")])
def test_the_time_of_a_verdict_is_shown_for_the_cases_that_there_are(version, shown, tmp_path, monkeypatch):
    file = tmp_path / "verdict.json"
    about = {"spec": version, "formulas": len(spec.formulas())}
    found = {"backend": "numpy", "first": [9, 7, 1], "again": [1, 1.5, 9], "load": 0}
    file.write_text("\n".join(map(json.dumps, (about, found))))
    monkeypatch.setattr(goals.verdict, "RESULTS", file)
    text = goals.text(speed.load("speed"), speed.load("growth"))
    assert f"| `gaugeblock check numpy`, CPU of the first run | 6 s or less | {shown} |" in text
    assert ("| `gaugeblock check numpy`, CPU of the second run | 2 s or less | 1.5 s | yes |" in text) == ("7" in shown)
    assert "| `gaugeblock check jax`, CPU of the first run | 60 s or less | not measured | not known |" in text


def test_the_results_are_of_all_that_the_pages_name():
    growing = speed.load("growth")
    measured = {(each["formula"], each["elements"]) for each in growing["measurements"]}
    there = {formula for formula in speed.FORWARD if formula in spec.formulas(growing["spec"])}  # when it was measured
    assert {formula for formula, _ in measured} == there
    for formula in there:
        assert {size for name, size in measured if name == formula} == set(growth.SIZES)
    assert {each["formula"] for each in speed.load("speed")["measurements"]} >= set(spec.formulas("1.3"))


def measured(size, seconds, floor, kernel=0.0, faults=0):
    """What a run found of one size: of the backend, a call of which takes 16 pages, and of the floor."""
    both = (("gaugeblock.numpy", seconds), ("floor", floor))
    more = {"kernel_seconds": kernel, "page_faults": faults, "peak_bytes": 16 * 4096}
    return {
        "formula": "relu",
        "elements": size,
        "contenders": [{"name": name, "seconds": [each], **more} for name, each in both],
    }


@pytest.mark.parametrize(
    ("larger", "words"),
    [
        (measured(100, 300.0, 10.0, kernel=180.0), "new memory: 0 page faults, 60% of the time in the kernel"),
        (measured(100, 300.0, 10.0, faults=16), "new memory: 16 page faults, 0% of the time in the kernel"),
        (measured(100, 300.0, 30.0), "the memory: the floor takes 3.0 times as long there, too"),
        (measured(100, 300.0, 10.0), growth.UNEXPLAINED),
        (measured(100, 149.0, 10.0), None),
    ],
)
def test_a_step_has_the_reason_that_was_measured(larger, words):
    run_of_two = {"measurements": [measured(10, 10.0, 1.0), larger]}
    assert [step[-1] for step in growth.steps(run_of_two)] == ([words] if words else [])
