"""What goes between the judge and a subject's process: a line of JSON, then as many raw bytes as its ``bytes`` says.

Arrays are raw, in C order, one after the other as they are mentioned. Floats are hexadecimal, so that nothing is lost.
"""

import json
import math
from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from ..reference import STATES
from ..reference.declaration import named

LONGEST = 2**28  # bytes of a message
LONGEST_LINE = 2**20


class Form(NamedTuple):
    """What of a formula's declaration a call needs."""

    name: str
    parameters: tuple[str, ...]
    results: tuple[Any, ...]  # the names, a tuple for a state
    counts: tuple[str, ...]  # the results that are counts
    carried: tuple[str, ...]  # the arguments that the next step takes from the results of the one before
    state: str
    wanted: str
    donation: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all results, those of a state too."""
        return tuple(name for each in self.results for name in (each if isinstance(each, tuple) else (each,)))

    def named(self, result: Any) -> dict[str, Any]:
        """The results by name."""
        return named(self.results, result)

    def next_arguments(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """The carried arguments of the next step, from the results of this one."""
        names = next((each for each in self.results if isinstance(each, tuple)), ())
        state = state_of(names, [found[part] for part in names])
        return {name: state if name == self.state else found[name] for name in self.carried}


@lru_cache(maxsize=256)
def form_of(formula: Any) -> Form:
    """What a call needs of a formula."""
    found = {name: getattr(formula, name) for name in Form._fields}
    return Form(**{**found, "parameters": tuple(formula.parameters)})


def state_of(names: Sequence[str], values: Iterable[Any]) -> Any:
    """A state of its parts: a tuple with names, of gaugeblock's own class where it has one of these names."""
    make: Any = STATES.get(tuple(names)) or namedtuple("State", names)
    return make(*values)


class Asked(NamedTuple):
    """A call of a formula, as a case of the judge's has it."""

    formula: Form
    arguments: tuple[Any, ...]
    options: dict[str, Any]
    steps: tuple[int, ...] = ()

    @property
    def function(self) -> str:
        """The name of the function that is called."""
        return self.formula.name

    @property
    def donates(self) -> bool:
        """Whether arguments are given away."""
        return bool(self.options.get(self.formula.donation, False))


def pack(header: Mapping[str, Any], payload: bytes = b"") -> bytes:
    """A message."""
    return json.dumps({**header, "bytes": len(payload)}).encode() + b"\n" + payload


def read(file: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """The next message: its header and its bytes.

    Raises
    ------
    EOFError
        There is none.
    ValueError
        What is there is no message.
    """
    line = file.readline(LONGEST_LINE)
    if not line:
        raise EOFError
    header: dict[str, Any] = {}
    try:
        header = json.loads(line)
        size = header["bytes"]
    except (IndexError, KeyError, RecursionError, TypeError, ValueError):
        size = None
    if type(size) is not int or not 0 <= size <= LONGEST:
        raise ValueError(f"it answered {line[:60].decode('utf-8', 'replace')!r}, which is no message")
    payload = file.read(size)
    if len(payload) < size:
        raise EOFError
    return header, payload


def fields_of(value: Any) -> tuple[str, ...] | None:
    """The names of a state's parts; None of a tuple that a subject is given without names, as a tree is."""
    return None if getattr(value, "is_plain", False) else getattr(value, "_fields", None)


def coded(value: Any, parts: list[bytes]) -> Any:
    """A value as JSON has it; the bytes of its arrays are added to `parts`."""
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        parts.append(array.tobytes())
        found = {"dtype": name_of(array.dtype), "shape": list(array.shape)}
        return found if isinstance(value, np.ndarray) else {**found, "scalar": True}
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, tuple | list):
        fields = fields_of(value)
        names = {} if fields is None else {"state": fields}
        return {"tuple": [coded(each, parts) for each in value], **names}
    return value


class Reader:
    """It makes values of what `coded` made of them, and takes their bytes one after the other."""

    def __init__(self, payload: bytes) -> None:
        self.payload, self.place = payload, 0

    def array(self, dtype: str, shape: list[int]) -> np.ndarray:
        """The next array, which nobody writes to.

        Raises
        ------
        TypeError, ValueError
            There is no such dtype or shape, or the bytes are not as many.
        """
        kind = dtype_of(dtype)
        if not all(type(length) is int and length >= 0 for length in shape):
            raise ValueError(f"got the shape {str(shape)[:60]}")
        count, place = math.prod(shape), self.place
        self.place += count * kind.itemsize
        if count == 0:
            return np.empty(shape, kind)
        if self.place > len(self.payload):
            raise ValueError(f"got the shape {str(shape)[:60]} and too few bytes")
        return np.frombuffer(self.payload, kind, count, place).reshape(shape)

    def value(self, given: Any) -> Any:
        """The value that was coded."""
        match given:
            case {"dtype": dtype, "shape": shape}:
                array = self.array(dtype, shape)
                return array[()] if "scalar" in given else array
            case {"float": digits}:
                return float.fromhex(digits)
            case {"tuple": parts, "state": names}:
                return state_of(names, map(self.value, parts))
            case {"tuple": parts}:
                return tuple(map(self.value, parts))
        return given


@cache
def name_of(dtype: np.dtype[Any]) -> str:
    """What `str` gives, which takes NumPy longer than to send a small array."""
    return str(dtype)


@lru_cache(maxsize=64)
def dtype_of(name: str) -> np.dtype[Any]:
    """The dtype of a name that `str` gives of one of numbers; TypeError for another."""
    if name == "bfloat16":
        import ml_dtypes

        bfloat16: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
        return bfloat16
    found = np.dtype(name)
    if found.kind not in "biufc":
        raise TypeError(f"got an array of {name}; wanted numbers")
    return found


def request_of(asked: Any, **more: Any) -> tuple[dict[str, Any], bytes]:
    """The header and the bytes of a request to call a function."""
    parts: list[bytes] = []
    header = {
        "form": form_of(asked.formula),
        "arguments": [coded(value, parts) for value in asked.arguments],
        "options": {name: coded(value, parts) for name, value in asked.options.items()},
        "steps": list(asked.steps),
        **more,
    }
    return header, b"".join(parts)


def asked_of(request: Mapping[str, Any], reader: Reader) -> Asked:
    """The call that a request is for."""
    arguments = tuple(map(reader.value, request["arguments"]))
    options = {name: reader.value(value) for name, value in request["options"].items()}
    return Asked(to_form(request["form"]), arguments, options, tuple(request["steps"]))


def to_form(values: list[Any]) -> Form:
    """The form of a formula, of what JSON made of it."""
    return Form(*(as_tuple(value) for value in values))


def as_tuple(value: Any) -> Any:
    return tuple(map(as_tuple, value)) if isinstance(value, list) else value
