"""array-api-strict: the Array API standard and nothing beyond it."""

from typing import TYPE_CHECKING, Any

import array_api_strict as xp
import numpy

from . import bind_all
from .numpy import settings as settings

name = "strict"
dtypes = ("float32", "float64")
subnormals = "gradual"


bind_all(globals(), xp)

if TYPE_CHECKING:
    from ._formulas import *  # noqa: F403


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
