"""Arrays of a library that is no backend: the subject says how they are made, and they are read where they lie."""

import ctypes
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..backends import numpy as numpy_backend
from .messages import dtype_of

NAME = "another library"
CODE, BITS, UNSIGNED, BFLOAT = 20, 21, 1, 4  # of a DLTensor: where the type's code and width lie, and two codes


def backend_of(subject: Any) -> Any:
    """What a backend has of arrays, for a subject that has ``to_library``, ``from_library`` or both."""
    make, given = getattr(subject, "to_library", None), getattr(subject, "from_library", None)

    def to_numpy(array: Any) -> Any:
        return numpy_backend.to_numpy(given(array) if given else read(array))

    def asarray(array: Any, device: str | None = None) -> Any:
        if device is not None:
            raise ValueError(
                f"device: got {device!r}; a subject with arrays of its own says in to_library where they are"
            )
        return make(array) if make else array

    def shares_memory(a: Any, b: Any) -> bool:
        return a is b or bool(np.shares_memory(to_numpy(a), to_numpy(b)))

    def shows_memory() -> bool:
        """Whether what is read is the memory itself: two readings overlap."""
        array = asarray(np.ones(3, np.float32))
        return bool(np.shares_memory(to_numpy(array), to_numpy(array)))

    def versions() -> dict[str, str]:
        """Of NumPy, and of the package that an array's class is from."""
        from importlib.metadata import PackageNotFoundError, version  # a fifth of the time that a process starts in

        package = type(asarray(np.ones(3, np.float32))).__module__.partition(".")[0]
        try:
            return {package: version(package), **numpy_backend.versions()}
        except PackageNotFoundError:
            return numpy_backend.versions()

    changed = {
        "name": NAME,
        "layouts": {},
        "asarray": asarray,
        "to_numpy": to_numpy,
        "shares_memory": shares_memory,
        "shows_memory": shows_memory,
        "versions": versions,
    }
    return SimpleNamespace(**{**vars(numpy_backend), **changed})


def read(array: Any) -> np.ndarray:
    """An array of any library as NumPy's: by DLPack, ``__array__`` or ``.numpy()``, whichever works first.

    Raises
    ------
    TypeError
        None of them does.
    """
    if isinstance(array, np.ndarray | np.generic):
        return np.asarray(array)
    for way in (by_dlpack, by_array, by_numpy):
        try:
            found = way(array)
        except Exception:  # of anybody's library: the next way may do
            continue
        if found.dtype != object:
            return found
    wanted = "an array that DLPack, __array__ or .numpy() reads, or a function from_library"
    raise TypeError(f"got {type(array).__name__}; wanted {wanted}")


def by_dlpack(array: Any) -> np.ndarray:
    """By DLPack, which NumPy reads but for bfloat16: that comes as integers of 16 bits."""
    try:
        return np.from_dlpack(array)
    except (BufferError, RuntimeError, TypeError):
        return np.from_dlpack(AsIntegers(array)).view(dtype_of("bfloat16"))


def by_array(array: Any) -> np.ndarray:
    """By ``__array__`` and no other guess."""
    return np.asarray(array.__array__())


def by_numpy(array: Any) -> np.ndarray:
    """By ``.numpy()``."""
    return np.asarray(array.numpy())


class AsIntegers:
    """A bfloat16 array whose capsule says that it has unsigned integers."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()

    def __dlpack__(self, **options: Any) -> Any:
        # Without options, the capsule is of the first version: a pointer, two words of the device, the number of axes
        # as 32 bits, then the type as its code, its width and its lanes.
        capsule = self.array.__dlpack__()
        find = ctypes.pythonapi.PyCapsule_GetPointer
        find.restype, find.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        start = find(capsule, b"dltensor")
        code, bits = (ctypes.c_uint8.from_address(start + place) for place in (CODE, BITS))
        if (code.value, bits.value) != (BFLOAT, 16):
            raise BufferError("no bfloat16")
        code.value = UNSIGNED
        return capsule
