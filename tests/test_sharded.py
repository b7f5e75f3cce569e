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

pytestmark = pytest.mark.thorough


def run(*command):
    """A command of Python with eight devices for JAX; one that hangs is an error."""
    path = os.pathsep.join([str(ROOT / "examples"), str(SHARDED), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=8", "PYTHONPATH": path}
    command = [sys.executable, *map(str, command)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


JAX = """
import jax, jax_mesh, types
from jax.sharding import NamedSharding, PartitionSpec
from gaugeblock.conformance import check

judged, real = [], jax_mesh.shard

def shard(*arguments):
    found = real(*arguments)
    arrays = [leaf for leaf in jax.tree.leaves(found) if isinstance(leaf, jax.Array)]
    assert any(not array.sharding.is_fully_replicated for array in arrays)
    judged.append(max(len(array.sharding.device_set) for array in arrays))
    return found

jax_mesh.shard = shard
for along, chosen in {chosen}.items():
    for result in check(getattr(jax_mesh, along), chosen, ["float32"], made=False).results:
        if result.status == "fail":
            print(along, result.requirement, "fails")
print("calls", len(judged), "devices", sorted(set(judged)))

# A softmax of each shard by itself.
mesh = jax.make_mesh((2,), ("devices",), devices=jax.devices()[:2])

def softmax(x, *, axis=-1):
    if x.ndim != 2 or axis != -1 or x.shape[1] % 2:
        raise NotImplementedError("rows of an even number of classes")
    where = PartitionSpec(None, "devices")
    x = jax.device_put(x, NamedSharding(mesh, where))
    return jax.shard_map(jax.nn.softmax, mesh=mesh, in_specs=where, out_specs=where)(x)

local = types.SimpleNamespace(__name__="local", backend="jax", softmax=softmax)
for result in check(local, ["softmax"], ["float32"], made=False).results:
    if result.status == "fail":
        print(result.requirement, "of each shard fails", result.worst.reason)
"""


# The page speaks of these; those between are made of the same operations.
TRIED, OTHERS = spec.formulas("1.4")[::3], spec.formulas("1.4")[1::4]


def test_jax_conforms_along_every_axis_and_a_softmax_of_each_shard_by_itself_fails():
    chosen = {
        "classes": [name for name in TRIED if not name.startswith(("adam", "neuron"))],
        "batch": ["dense_vjp"],
        "parameters": ["adam", "neuron"],
    }
    done = run("-c", JAX.replace("{chosen}", repr(chosen)))
    assert done.returncode == 0, done.stderr
    found = re.match(r"calls (\d+) devices \[2, 3, 4, 5, 7, 8\]\n", done.stdout)
    assert found, done.stdout
    assert "softmax.value of each shard fails" in done.stdout
    assert "raised" not in done.stdout
    assert int(found[1]) > 1000


def test_dtensor_conforms():
    """In two processes, and of other formulas than JAX: what takes long is to start them."""
    options = [option for name in OTHERS for option in ("--formula", name)]
    done = run(SHARDED / "torch_dtensor.py", "--processes", 2, "--along", "classes", "--along", "parameters", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"^DTensor, (\w+) conforms(?: in part)?$", done.stdout, re.M) == ["classes", "parameters"]
    assert set(re.findall(r"^(\w+) +[0-9.e-]+ +(?:conforms|in part) *$", done.stdout, re.M)) == set(OTHERS)


def test_a_process_that_fails_is_an_error_and_not_a_hang():
    done = run(ROOT / "tests" / "processes.py", "die", "hang")
    assert done.returncode == 0, done.stderr
    dies, hangs = done.stdout.splitlines()
    assert dies == "die: process 1 terminated with signal SIGKILL"
    assert re.match("hang: .*process 0: softmax raised RuntimeError: .*[Tt]imed out", hangs)


# The table, and whether sharded results of random arrays are right.
COMMUNICATION = """
import communication, jax, jax_mesh, numpy as np
from gaugeblock.conformance import expected

def main():
    print(communication.table())
    rng = np.random.default_rng(0)
    for along, formula in [("batch", "dense_vjp"), *(("classes", name) for name in communication.formulas("classes"))]:
        given = [rng.integers(0, 24, a.shape) if a.dtype.kind == "i" else rng.random(a.shape, a.dtype)
                 for a in communication.example(formula)]
        values, bounds = map(jax.tree.leaves, expected(formula, *given))
        arrays = [jax.numpy.asarray(array) for array in given]
        shared = jax.tree.leaves(jax_mesh.call(formula, along, *arrays))
        for value, found, bound in zip(values, shared, bounds, strict=True):
            assert np.all(np.abs(np.float64(found) - value) <= bound), formula

if __name__ == "__main__":
    main()
"""


def test_the_page_says_what_is_communicated_and_results_are_right():
    done = run("-c", COMMUNICATION)
    assert done.returncode == 0, done.stderr
    assert "| classes | `log_softmax`, `softmax`" in done.stdout
    assert done.stdout.strip() in (ROOT / "docs" / "sharded.md").read_text()
