"""array-api-strict: the Array API standard and nothing beyond it."""

from typing import Any

import array_api_strict as xp
import numpy

from .. import reference
from . import bind
from .numpy import settings

__all__ = ["settings"]

name = "strict"
dtypes = ("float32", "float64")
subnormals = "gradual"

neuron = bind(reference.neuron, xp)
dense = bind(reference.dense, xp)
neuron_vjp = bind(reference.neuron_vjp, xp)
dense_vjp = bind(reference.dense_vjp, xp)
relu_vjp = bind(reference.relu_vjp, xp)
relu = bind(reference.relu, xp)
softmax = bind(reference.softmax, xp)
log_softmax = bind(reference.log_softmax, xp)
categorical_cross_entropy = bind(reference.categorical_cross_entropy, xp)
categorical_cross_entropy_vjp = bind(reference.categorical_cross_entropy_vjp, xp)
categorical_cross_entropy_from_logits = bind(reference.categorical_cross_entropy_from_logits, xp)
categorical_cross_entropy_from_logits_vjp = bind(reference.categorical_cross_entropy_from_logits_vjp, xp)
sparse_categorical_cross_entropy_from_logits = bind(reference.sparse_categorical_cross_entropy_from_logits, xp)
softmax_vjp = bind(reference.softmax_vjp, xp)
log_softmax_vjp = bind(reference.log_softmax_vjp, xp)
sparse_categorical_cross_entropy_from_logits_vjp = bind(reference.sparse_categorical_cross_entropy_from_logits_vjp, xp)
adam_first_moment = bind(reference.adam_first_moment, xp)
adam_second_moment = bind(reference.adam_second_moment, xp)
adam_bias_correction = bind(reference.adam_bias_correction, xp)
adam_update = bind(reference.adam_update, xp)
adam_init = bind(reference.adam_init, xp)
adam_step = bind(reference.adam_step, xp)


def asarray(array: Any, device: str | None = None) -> Any:
    """A NumPy array as a strict one; 'cpu' is its usual device, 'device1' and 'device2' are pretended ones."""
    devices = {"cpu": "CPU_DEVICE", "device1": "device1", "device2": "device2"}
    if device not in (None, *devices):
        raise ValueError(f"device: got {device!r}; wanted one of {', '.join(devices)}")
    return xp.asarray(array, device=xp.Device(devices[device or "cpu"]), copy=True)


def to_numpy(array: Any) -> Any:
    """The array as NumPy's."""
    if not hasattr(array, "__array_namespace__") or array.__array_namespace__() is not xp:
        raise TypeError(f"got {type(array).__name__}; wanted an array of array-api-strict")
    return numpy.asarray(xp.asarray(array, device=xp.Device("CPU_DEVICE"))._array)


def shares_memory(a: Any, b: Any) -> bool:
    """Whether two arrays overlap in memory."""
    return bool(numpy.shares_memory(a._array, b._array))


layouts = {"transposed": lambda array: xp.asarray(numpy.array(to_numpy(array).T).T, copy=False)}


def versions() -> dict[str, str]:
    """The library that computes."""
    return {"array-api-strict": xp.__version__, "numpy": numpy.__version__}
