"""NumPy: the default backend."""

import contextlib
from typing import Any

import numpy

from .. import reference
from . import bind

name = "numpy"
dtypes = ("float16", "float32", "float64")
subnormals = "gradual"

neuron = bind(reference.neuron, numpy)
dense = bind(reference.dense, numpy)
neuron_vjp = bind(reference.neuron_vjp, numpy)
dense_vjp = bind(reference.dense_vjp, numpy)
relu_vjp = bind(reference.relu_vjp, numpy)
softmax = bind(reference.softmax, numpy)
log_softmax = bind(reference.log_softmax, numpy)
categorical_cross_entropy = bind(reference.categorical_cross_entropy, numpy)
categorical_cross_entropy_vjp = bind(reference.categorical_cross_entropy_vjp, numpy)
categorical_cross_entropy_from_logits = bind(reference.categorical_cross_entropy_from_logits, numpy)
categorical_cross_entropy_from_logits_vjp = bind(reference.categorical_cross_entropy_from_logits_vjp, numpy)
sparse_categorical_cross_entropy_from_logits = bind(reference.sparse_categorical_cross_entropy_from_logits, numpy)
softmax_vjp = bind(reference.softmax_vjp, numpy)
log_softmax_vjp = bind(reference.log_softmax_vjp, numpy)
sparse_categorical_cross_entropy_from_logits_vjp = bind(
    reference.sparse_categorical_cross_entropy_from_logits_vjp, numpy
)
adam_first_moment = bind(reference.adam_first_moment, numpy)
adam_second_moment = bind(reference.adam_second_moment, numpy)
adam_bias_correction = bind(reference.adam_bias_correction, numpy)
adam_update = bind(reference.adam_update, numpy)
adam_init = bind(reference.adam_init, numpy)
adam_step = bind(reference.adam_step, numpy)


def relu(x: Any) -> Any:
    """Return ``max(0, x)``: one pass, where the reference makes three."""
    reference.arguments.floating(numpy, x=x)
    return numpy.maximum(x, 0)


def asarray(array: Any, device: str | None = None) -> Any:
    """The array itself; NumPy has the one device 'cpu'."""
    if device not in (None, "cpu"):
        raise ValueError(f"device: got {device!r}; wanted 'cpu', the one that NumPy has")
    return array


def to_numpy(array: Any) -> Any:
    """The array as NumPy's."""
    if not isinstance(array, numpy.ndarray | numpy.generic):
        raise TypeError(f"got {type(array).__name__}; wanted a NumPy array")
    return numpy.asarray(array)


def shares_memory(a: Any, b: Any) -> bool:
    """Whether two arrays overlap in memory."""
    return bool(numpy.shares_memory(a, b))


def read_only(array: Any) -> Any:
    """A copy that cannot be written to."""
    array = array.copy()
    array.flags.writeable = False
    return array


layouts = {
    "transposed": lambda array: array.T.copy().T,
    "strided": lambda array: numpy.repeat(array, 2, axis=-1)[..., ::2] if array.ndim else array,
    "reversed": lambda array: numpy.flip(numpy.flip(array).copy()),
    "read_only": read_only,
}


def settings(dtype: str) -> contextlib.AbstractContextManager[Any]:
    """NumPy's warnings are silenced: special values are judged by what comes out."""
    return numpy.errstate(all="ignore")


def versions() -> dict[str, str]:
    """The library that computes."""
    return {"numpy": numpy.__version__}
