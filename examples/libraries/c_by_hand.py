"""C as teaching programs write it, compiled by gcc: `c_by_hand.py:plain`, and `:fast` with -ffast-math."""

import ctypes
import math
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np

SOURCE = Path(__file__).with_suffix(".c")
LAST_AXIS = {"dtypes": ("float32",), "last_axis_only": True}


def layers(*flags):
    """The functions of the source, compiled with these flags."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "layers.so"
        command = ["gcc", "-O3", *flags, "-shared", "-fPIC", "-o", file, SOURCE, "-lm"]
        subprocess.run(command, check=True)
        library = ctypes.CDLL(str(file))

    def call(name, shape, *arguments):
        result = np.empty(shape, np.float32)
        given = [np.ascontiguousarray(a) if isinstance(a, np.ndarray) else a for a in (result, *arguments)]
        getattr(library, name)(*(a.ctypes if isinstance(a, np.ndarray) else a for a in given))
        return result

    def relu(x):
        return call("relu", x.shape, x, x.size)

    def dense(x, w, b):
        batch = x.shape[:-1]
        return call("dense", (*batch, w.shape[1]), x, w, b, math.prod(batch), *w.shape)

    def softmax(x):
        return call("softmax", x.shape, x, x.size // x.shape[-1], x.shape[-1])

    def sparse_categorical_cross_entropy_from_logits(labels, x):
        rows, n = labels.size, x.shape[-1]
        return call("cross_entropy", labels.shape, softmax(x), labels.astype(np.int32), rows, n)

    def adam_step(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
        theta, m, v = (np.array(each, order="C") for each in (theta, state.m, state.v))
        numbers = (ctypes.c_float(each) for each in (learning_rate, beta1, beta2, epsilon))
        pointers = (each.ctypes for each in (theta, np.ascontiguousarray(grad), m, v))
        library.adam(*pointers, theta.size, state.step + 1, *numbers)
        return theta, (state.step + 1, m, v)

    offered = relu, dense, softmax, sparse_categorical_cross_entropy_from_logits, adam_step
    return SimpleNamespace(**LAST_AXIS, **{function.__name__: function for function in offered})


def __getattr__(name):  # compiled when it is asked for: a library with -ffast-math changes how its process computes
    known = {"plain": (), "fast": ("-ffast-math",)}
    if name not in known:
        raise AttributeError(name)
    return layers(*known[name])
