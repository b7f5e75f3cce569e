"""Dask: the chunked formulas conform, and arrays larger than memory are never whole."""

import os
import re
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from gaugeblock import backends, spec
from gaugeblock.conformance import check

EXAMPLE = Path(__file__).parent.parent / "examples" / "larger_than_memory.py"


@pytest.mark.thorough
def test_dask_conforms_and_declines_nothing():
    assert {result.status for result in check("dask", spec.formulas()[2::8], ["float32"]).results} == {"pass"}
    others = check("dask", spec.formulas()[::12], ["float16"])
    assert {result.status for result in others.results} == {"pass"}


def test_what_is_judged_is_in_chunks():
    gb = backends.load("dask")
    x = gb.asarray(np.ones((4, 10), np.float32))
    assert x.numblocks == (2, 2)
    assert gb.softmax(x).numblocks == (2, 2)
    assert [change(x).numblocks for change in gb.layouts.values()] == [(1, 1)]
    results = gb.computed({"y": gb.softmax(x), "step": 3})
    assert results["step"] == 3
    assert results["y"].numblocks == (2, 2)
    assert len(results["y"].dask) == 4  # what is left to do is nothing: four chunks in memory


def test_a_function_that_writes_into_the_chunks_is_found_out():
    def relu_in_place(x):
        return x.map_blocks(lambda chunk: np.maximum(chunk, 0, out=chunk), dtype=x.dtype)

    found = check(types.SimpleNamespace(backend="dask", relu=relu_in_place), ["relu"], ["float32"])
    assert [r.requirement for r in found.results if r.status == "fail"] == ["relu.pure"]


def test_chunks_without_rows_have_no_maximum():
    gb = backends.load("dask")
    x = gb.asarray(np.arange(12, dtype=np.float32).reshape(4, 3)).rechunk((1, 2))
    some = x[x[:, 0] > 4].compute_chunk_sizes()
    assert 0 in some.chunks[0]
    np.testing.assert_array_equal(gb.to_numpy(gb.softmax(some)), gb.to_numpy(gb.softmax(x))[2:])


def test_a_label_that_is_no_class_has_no_loss():
    gb = backends.load("dask")
    losses = gb.sparse_categorical_cross_entropy_from_logits(gb.asarray(np.array([0, 3, -1])), gb.asarray(np.eye(3)))
    np.testing.assert_array_equal(np.isnan(gb.to_numpy(losses)), [False, True, True])


# The program may have little more memory than it has when all is imported: less than one of its arrays, of 300 MB.
LIMITED = """
import resource, runpy, sys
import dask.array, dask.diagnostics, flint, numpy, typer, gaugeblock.backends.dask
from gaugeblock.conformance import assert_conforms
assert_conforms(numpy.float32([0.5, 0.5]), "softmax", numpy.float32([1, 1]))
dask.array.ones(4, chunks=1).sum().compute(scheduler="threads", num_workers=2)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 250_000_000,) * 2)
"""
STREAMED = """
sys.argv = ["larger_than_memory.py", "--gigabytes", "0.3"]
dask.config.set(num_workers=2)
runpy.run_path(PATH, run_name="__main__")
"""
WHOLE = "numpy.ones((75_000, 1000), numpy.float32)"


def limited(code):
    """Run a program within the limit."""
    environment = {**os.environ, "MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", LIMITED + code.replace("PATH", repr(str(EXAMPLE)))]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.mark.thorough
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="there is no /proc to ask for the memory in use")
def test_what_is_larger_than_memory_conforms():
    done = limited(STREAMED)
    assert done.returncode == 0, done.stderr
    assert re.findall(r"^(\w+): (\S+) GB", done.stdout, re.M) == [
        ("softmax", "0.3"),
        ("cross_entropy", "0.0003"),
        ("adam", "0.9"),
    ]
    assert "MemoryError" in limited(WHOLE).stderr
