"""Formulas on arrays that devices or processes share: they conform, communicate what the page says, and never hang."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gaugeblock import spec

ROOT = Path(__file__).parent.parent
SHARDED = ROOT / "examples" / "sharded"


def run(*command):
    """A command of Python with eight devices for JAX; one that hangs is an error."""
    path = os.pathsep.join([str(ROOT / "examples"), str(SHARDED), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=8", "PYTHONPATH": path}
    command = [sys.executable, *map(str, command)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


JAX = """
import jax, jax_mesh, numpy as np
from gaugeblock.conformance import check, expected
from communication import ALONG, example, formulas

judged, real = [], jax_mesh.shard

def shard(*arguments):
    found = real(*arguments)
    arrays = [leaf for leaf in jax.tree.leaves(found) if isinstance(leaf, jax.Array)]
    assert any(not array.sharding.is_fully_replicated for array in arrays)
    judged.append(max(len(array.sharding.device_set) for array in arrays))
    return found

jax_mesh.shard = shard
for along, chosen in {chosen}.items():
    for result in check(getattr(jax_mesh, along), chosen, ["float32"]).results:
        if result.status == "fail":
            print(along, result.requirement, "fails")
print("calls", len(judged), "devices", sorted(set(judged)))
"""


def test_jax_conforms_along_every_axis():
    chosen = {
        "classes": [name for name in spec.formulas() if not name.startswith(("adam", "neuron"))],
        "batch": ["softmax", "neuron_vjp", "dense_vjp"],
        "parameters": ["adam", "neuron", "dense"],
    }
    done = run("-c", JAX.replace("{chosen}", repr(chosen)))
    assert done.returncode == 0, done.stderr
    found = re.fullmatch(r"calls (\d+) devices \[2, 3, 4, 5, 6, 7, 8\]\n", done.stdout)
    assert found, done.stdout
    assert int(found[1]) > 1000


DIFFERENCES = """
import jax, jax_mesh, numpy as np
from communication import ALONG, example, formulas
from gaugeblock import reference
from gaugeblock.conformance import expected

rng = np.random.default_rng(0)
for along in ALONG:
    for formula in formulas(along):
        given = jax.tree.map(lambda a: rng.random(a.shape).astype(a.dtype) if hasattr(a, "shape") else a, example(formula))
        there = jax.tree.map(lambda a: jax.numpy.asarray(a) if hasattr(a, "shape") else a, given)
        bounds = jax.tree.leaves(expected(formula, *given)[1])
        alone = jax.tree.leaves(getattr(jax_mesh.JITTED, formula)(*there))
        shared = jax.tree.leaves(jax_mesh.call(formula, along, *there))
        arrays = [(a, b) for a, b in zip(alone, shared, strict=True) if a.ndim or formula.startswith("neuron")]
        for (a, b), bound in zip(arrays, bounds, strict=True):
            assert np.all(np.abs(np.float64(a) - np.float64(b)) <= bound), formula
        print(along, formula)
"""


def test_jax_gives_the_unsharded_results_within_the_bound():
    done = run("-c", DIFFERENCES)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 39


LOCAL = """
import jax
from jax.sharding import PartitionSpec
mesh = jax.make_mesh((2,), ("devices",), devices=jax.devices()[:2])
backend = "jax"

def softmax(x, *, axis=-1):
    if x.ndim != 2 or axis != -1 or x.shape[1] % 2:
        raise NotImplementedError("rows of an even number of classes")
    where = PartitionSpec(None, "devices")
    return jax.shard_map(jax.nn.softmax, mesh=mesh, in_specs=where, out_specs=where)(x)
"""


def test_a_softmax_of_each_shard_by_itself_fails(tmp_path):
    (tmp_path / "local.py").write_text(LOCAL)
    done = run("-m", "gaugeblock.conformance.cli", "check", tmp_path / "local.py", "--dtype", "float32")
    assert done.returncode == 1
    assert "FAIL softmax.value" in done.stdout


def test_dtensor_conforms():
    along = "--along", "classes", "--along", "parameters"
    done = run(SHARDED / "torch_dtensor.py", *along)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"^DTensor, (\w+) conforms$", done.stdout, re.M) == ["classes", "parameters"]
    judged = set(re.findall(r"^│ (\w+) .* conforms │$", done.stdout, re.M))
    assert judged == set(spec.formulas())


def test_dtensor_conforms_over_four_processes():
    formulas = "--formula", "softmax", "--formula", "dense_vjp"
    done = run(SHARDED / "torch_dtensor.py", "--processes", 4, "--along", "classes", *formulas)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "DTensor, classes conforms" in done.stdout


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("raise", "process 1: softmax raised RuntimeError: out of memory"),
        ("die", "process 1 terminated with signal SIGKILL"),
        ("hang", "process 0: softmax raised RuntimeError: .*[Tt]imed out"),
    ],
)
def test_a_process_that_fails_is_an_error_and_not_a_hang(what, words):
    done = run(ROOT / "tests" / "processes.py", what)
    assert done.returncode == 1
    assert re.search(words, done.stderr.splitlines()[-1]), done.stderr


def test_the_page_says_what_is_communicated():
    done = run("-c", "import communication\nif __name__ == '__main__': print(communication.table())")
    assert done.returncode == 0, done.stderr
    page = (ROOT / "docs" / "sharded.md").read_text()
    assert done.stdout.strip() in page
    assert "| classes | `softmax`" in done.stdout
