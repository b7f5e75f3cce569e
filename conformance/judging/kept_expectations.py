"""Expectations that are computed once and kept on disk: they take half of a verdict's time, and are the same each time.

They are kept where the environment variable GAUGEBLOCK_CACHE names a folder, as `gaugeblock check` sees to. A file is
trusted only if its key is the same to the letter: the version of the package, the hash of its sources, the versions of
NumPy, python-flint and Python, the architecture, and what is asked; and if its own hash is right. Anything else is
computed anew.
"""

import hashlib
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import flint
import numpy as np

from ..arithmetic.running import Expected

FOLDER, OFF = "GAUGEBLOCK_CACHE", ("", "0", "off")
Found = list[dict[str, Expected] | None]


def kept(asked: tuple[Any, ...], compute: Callable[[], Found]) -> Found:
    """What `compute` gives, or gave when it was asked the same before; of gaugeblock's own formulas alone."""
    folder = named_folder()
    if not folder or not all(isinstance(each, str | int) for each in asked):
        return compute()
    key = json.dumps([*identity(), *asked])
    directory = Path(folder) / "expectations" / hashed("\n".join(identity()).encode())[:16]
    file = directory / f"{hashed(key.encode())[:32]}.bin"
    with suppress(OSError, ValueError, KeyError, TypeError):
        return unpacked(file.read_bytes(), key)
    found = compute()
    with suppress(OSError):  # a full disk changes no verdict
        write(file, packed(found, key))
    return found


def named_folder() -> str | None:
    """The folder that the environment names; empty where it says that nothing is kept, None where it says nothing."""
    named = os.environ.get(FOLDER)
    return "" if named in OFF else named and os.path.expanduser(named)


def hashed(data: Any) -> str:
    return hashlib.sha256(data).hexdigest()


@lru_cache
def identity() -> tuple[str, ...]:
    """What expectations depend on, beside what is asked."""
    root, digest = Path(__file__).parent.parent.parent, hashlib.sha256()
    for folder in ("conformance", "reference", "spec"):
        for path in sorted((root / folder).resolve().rglob("*.py")):
            digest.update(path.name.encode() + path.read_bytes())
    try:
        own = version("gaugeblock")
    except PackageNotFoundError:
        own = "not installed"
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return own, digest.hexdigest(), np.__version__, flint.__version__, python, platform.machine()


def write(file: Path, data: bytes) -> None:
    """Replace a file whole; of expectations of other sources the last are kept, as of two environments in turn."""
    if not file.parent.exists():
        others = sorted(file.parent.parent.glob("*"), key=os.path.getmtime)
        for other in others[:-1]:
            shutil.rmtree(other, ignore_errors=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as new:
        try:
            new.write(data)
            new.close()
            os.replace(new.name, file)
        except BaseException:
            with suppress(OSError):
                os.unlink(new.name)
            raise


def packed(found: Found, key: str) -> bytes:
    """A line that says what there is, and then the numbers of all arrays that are not of zeros, as remainders are."""
    blobs: list[bytes] = []
    head: list[Any] = []
    for results in found:
        head.append(None if results is None else {})
        for name, each in (results or {}).items():
            said = []
            for array in each[:3]:
                blob = array.tobytes()
                blobs.append(blob if blob.strip(b"\0") else b"")
                said.append([array.dtype.str, list(np.shape(array)), len(blobs[-1])])
            head[-1][name] = [*said, each.dtype.name, each.certain]
    body = b"".join(blobs)
    return json.dumps({"key": key, "hash": hashed(body), "found": head}).encode() + b"\n" + body


def unpacked(data: bytes, key: str) -> Found:
    """What was packed; ValueError or KeyError if it was not, or under another key."""
    line, _, rest = data.partition(b"\n")
    head, body, start = json.loads(line), bytearray(rest), 0
    if head["key"] != key or head["hash"] != hashed(body):
        raise ValueError("another key, or a damaged file")
    found: Found = []
    for results in head["found"]:
        named: dict[str, Expected] = {}
        for name, (*said, dtype, certain) in (results or {}).items():
            arrays: list[Any] = []
            for text, shape, size in said:
                blob = memoryview(body)[start : start + size]
                arrays.append(np.frombuffer(blob, text).reshape(shape) if size else np.zeros(shape, text))
                start += size
            value, remainder, bound = arrays
            named[name] = Expected(value, remainder, bound, np.dtype(dtype), certain)
        found.append(None if results is None else named)
    return found
