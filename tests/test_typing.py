"""What a type checker says of a user's code: arrays of every library pass, and what is no array is an error."""

import json
import re
import subprocess
import sys

import pytest

# A line that both type checkers must refuse ends with the comment.
CODE = """
import jax.numpy as jnp
import numpy as np
import torch as pytorch

import gaugeblock as default
from gaugeblock import AdamState, backends, formula, reference
from gaugeblock.backends import dask, jax, numpy, strict, torch

x, w = np.ones((2, 3), np.float32), np.ones(3, np.float32)
numpy.softmax(x, axis=0)
numpy.softmax(np.float32(1))
jax.softmax(jnp.ones(3))
torch.softmax(pytorch.ones(3))
reference.softmax(x, xp=np)
default.softmax(x)
numpy.neuron(x, w, 0.5)
numpy.neuron(x=x, w=w, b=0)
numpy.softmax(x).tolist()
torch.dense_vjp(pytorch.ones(2, 3), pytorch.ones(3, 4), pytorch.ones(4), g=pytorch.ones(2, 4))
theta, state = numpy.adam_step([x], [x], numpy.adam_init([x]), learning_rate=0.1, donate=True)
state.m, AdamState(0, x, x)
backends.load("torch").asarray(x)
backends.load("torch").settings("float32")
backends.load("torch").softmax(x)
default.backend.to_numpy(x)
every: list[backends.Backend] = [dask, jax, numpy, strict, torch]


@formula("(..., n) -> (...)")
def mean(x: np.ndarray) -> np.ndarray:
    return x.mean(axis=-1)


mean(x)
numpy.softmax("a string")  # error
torch.softmax("a string")  # error
jax.relu([1.0])  # error
default.softmax("a string")  # error
reference.softmax("a string")  # error
numpy.softmax(1.0)  # error
numpy.neuron(x, w, "0.5")  # error
numpy.softmax(x, xp=np)  # error
torch.dense_vjp(x, x, w, w, xp=np)  # error
default.dense(x, x, w, xp=np)  # error
numpy.softmax(x=x)  # error
numpy.softmax(x, 0)  # error
numpy.softmax(x, axis="0")  # error
numpy.adam_step(x, x, (0, x, x))  # error
numpy.sofmax(x)  # error
default.sofmax(x)  # error
mean("a string")  # error
backends.load(3)  # error
backends.load("torch").softmax("a string")  # error
backends.load("torch").softmax(x, xp=np)  # error
default.backend.sofmax(x)  # error
"""
WANTED = [number for number, line in enumerate(CODE.splitlines(), 1) if line.endswith("# error")]


@pytest.fixture(scope="module")
def user(tmp_path_factory):
    """A folder with the code."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "user.py").write_text(CODE)
    return folder


@pytest.mark.thorough
def test_mypy(user):
    (user / "mypy.ini").write_text("[mypy]\n[mypy-torch.*]\nfollow_imports = skip\n")  # pyright reads PyTorch faster
    command = [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "user.py"]
    done = subprocess.run(command, cwd=user, capture_output=True, text=True, check=False)
    assert [int(line) for line in re.findall(r"^user\.py:(\d+): error", done.stdout, re.M)] == WANTED, done.stdout


def test_basedpyright(user):
    (user / "pyrightconfig.json").write_text('{"typeCheckingMode": "standard"}')
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable, "user.py"]
    done = subprocess.run(command, cwd=user, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)["generalDiagnostics"]
    lines = [each["range"]["start"]["line"] + 1 for each in found if each["severity"] == "error"]
    assert lines == WANTED, found
