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
import jax, jax_mesh
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
"""


TRIED = spec.formulas("1.4")[::2]  # the page speaks of these; those between are made of the same operations


def test_jax_conforms_along_every_axis():
    chosen = {
        "classes": [name for name in TRIED if not name.startswith(("adam", "neuron"))],
        "batch": ["dense_vjp"],
        "parameters": ["adam", "neuron"],
    }
    done = run("-c", JAX.replace("{chosen}", repr(chosen)))
    assert done.returncode == 0, done.stderr
    found = re.fullmatch(r"calls (\d+) devices \[2, 3, 4, 5, 6, 7, 8\]\n", done.stdout)
    assert found, done.stdout
    assert int(found[1]) > 1000


LOCAL = """
import jax
from jax.sharding import NamedSharding, PartitionSpec
mesh = jax.make_mesh((2,), ("devices",), devices=jax.devices()[:2])
backend = "jax"

def softmax(x, *, axis=-1):
    if x.ndim != 2 or axis != -1 or x.shape[1] % 2:
        raise NotImplementedError("rows of an even number of classes")
    where = PartitionSpec(None, "devices")
    x = jax.device_put(x, NamedSharding(mesh, where))
    return jax.shard_map(jax.nn.softmax, mesh=mesh, in_specs=where, out_specs=where)(x)
"""


JUDGED = """
import sys
from gaugeblock.conformance import check
for result in check(sys.argv[1], ["softmax"], ["float32"], made=False).results:
    print(result.status, result.requirement, result.worst and result.worst.reason)
"""


def test_a_softmax_of_each_shard_by_itself_fails(tmp_path):
    (tmp_path / "local.py").write_text(LOCAL)
    done = run("-c", JUDGED, tmp_path / "local.py")
    assert "fail softmax.value" in done.stdout, done.stderr
    assert "raised" not in done.stdout


def test_dtensor_conforms():
    """In two processes: what takes long is to start them."""
    options = [option for name in TRIED for option in ("--formula", name)]
    done = run(SHARDED / "torch_dtensor.py", "--processes", 2, "--along", "classes", "--along", "parameters", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"^DTensor, (\w+) conforms(?: in part)?$", done.stdout, re.M) == ["classes", "parameters"]
    assert set(re.findall(r"^(\w+) +[0-9.e-]+ +(?:conforms|in part) *$", done.stdout, re.M)) == set(TRIED)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("die", "process 1 terminated with signal SIGKILL"),
        ("hang", "process 0: softmax raised RuntimeError: .*[Tt]imed out"),
    ],
)
def test_a_process_that_fails_is_an_error_and_not_a_hang(what, words):
    done = run(ROOT / "tests" / "processes.py", what)
    assert done.returncode == 1
    assert re.search(words, done.stderr.splitlines()[-1]), done.stderr


# The table, and how far sharded results of random arrays part from those of one device.
COMMUNICATION = """
import communication, jax, jax_mesh, numpy as np
from gaugeblock.conformance import expected

def main():
    print(communication.table())
    rng = np.random.default_rng(0)
    for along, formula in [("batch", "dense_vjp"), *(("classes", name) for name in communication.formulas("classes"))]:
        given = [rng.integers(0, 24, a.shape) if a.dtype.kind == "i" else rng.random(a.shape, a.dtype)
                 for a in communication.example(formula)]
        bounds = jax.tree.leaves(expected(formula, *given)[1])
        arrays = [jax.numpy.asarray(array) for array in given]
        alone = jax.tree.leaves(jax_mesh.compiled(formula)(*arrays))
        shared = jax.tree.leaves(jax_mesh.call(formula, along, *arrays))
        for a, b, bound in zip(alone, shared, bounds, strict=True):
            assert np.all(np.abs(np.float64(a) - np.float64(b)) <= bound), formula

if __name__ == "__main__":
    main()
"""


def test_the_page_says_what_is_communicated_and_results_equal_those_of_one_device():
    done = run("-c", COMMUNICATION)
    assert done.returncode == 0, done.stderr
    assert "| classes | `log_softmax`, `softmax`" in done.stdout
    assert done.stdout.strip() in (ROOT / "docs" / "sharded.md").read_text()
