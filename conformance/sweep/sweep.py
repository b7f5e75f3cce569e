"""Every value of a dtype through a function of a subject, against the oracle: what `gaugeblock sweep` computes.

A sweep is cut into chunks. `sweep_chunk` is a pure function from the number of a chunk to its `Tally`, and tallies
add up in any order, so that it does not matter where and when a chunk is computed; `chunks` runs and stores them.
"""

import functools
import hashlib
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from ... import backends, reference, spec
from ...names import wanted
from .. import special
from ..judging.loading import SubjectError
from ..judging.subject import Subject
from .comparison import compared
from .tallies import DTYPES, ELEMENTARY, FORMULAS, NOTHING, Array, Sweep, Tally, of_bits

SCHEMA_VERSION = 1
BLOCK = 2**15  # values that are computed at once: they stay in a processor's cache
PATTERNS = 2**16  # values by whose results a function is known again


def checked(sweep: Sweep) -> Sweep:
    """The sweep, if it is one that can be made here.

    Raises
    ------
    ValueError
        An unknown subject, formula or dtype, or one that the subject does not have.
    """
    for what, name, names in (("--formula", sweep.formula, FORMULAS), ("--dtype", sweep.dtype, DTYPES)):
        if name not in names:
            raise ValueError(f"{what}: got {name!r}{wanted(name, names)}")
    if FORMULAS[sweep.formula].pairs and sweep.dtype != "float16":
        what = f"got {sweep.dtype!r} for the {sweep.formula}"
        raise ValueError(f"--dtype: {what}; wanted float16, whose pairs alone are swept")
    subject = loaded(sweep.subject, sweep.device)
    if sweep.dtype not in subject.dtypes:
        there = ", ".join(dtype for dtype in subject.dtypes if dtype in DTYPES)
        raise SubjectError(f"{sweep.subject}: it does not offer {sweep.dtype}; wanted one of {there}")
    function_of(subject, sweep.formula)
    if sweep.every < 1 or sweep.values < 16 or 2**32 % sweep.every:
        raise ValueError(f"--every: got {sweep.every}; wanted a power of two that leaves at least 16 values")
    return sweep


@functools.lru_cache(1)
def loaded(name: str, device: str | None) -> Subject:
    """The subject, which a process loads once."""
    return Subject(name, device, (*reference.FORMULAS, *FORMULAS))


def function_of(subject: Subject, formula: str) -> Callable[..., Array]:
    """The function as the formulas run it: under jit where the subject has such a variant, and else as it is.

    Of a backend, exp, log and sqrt are those of its library. JAX compiles each of its own accord.
    """
    *_, function = None, *subject.functions(formula).values()
    if function is None and formula in ELEMENTARY and subject.name in backends.NAMES:
        xp = array_namespace(subject.backend.asarray(np.zeros(1, np.float32)))
        function = getattr(special, formula) if hasattr(special, formula) else getattr(xp, formula)
    if function is None:
        raise SubjectError(f"{subject.name}: it has no {formula}; wanted a subject that does")
    return function  # type: ignore[no-any-return]


@functools.lru_cache(1)
def identity(sweep: Sweep) -> dict[str, Any]:
    """What a result depends on. A chunk is added only to chunks of the same identity."""
    subject = loaded(sweep.subject, sweep.device)
    file = Path(sweep.subject.partition(".py:")[0].removesuffix(".py") + ".py")
    return {
        "schema": SCHEMA_VERSION,
        "spec": spec.VERSION,
        "gaugeblock": version("gaugeblock"),
        "subject": sweep.subject,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None,
        "outputs": fingerprint(sweep),
        "device": sweep.device,
        "formula": sweep.formula,
        "dtype": sweep.dtype,
        **({"every": sweep.every} if sweep.every > 1 else {}),
        "chunk": sweep.chunk,
        "subnormals": subject.subnormals,
        "versions": {**subject.backend.versions(), "numpy": np.__version__},
        "machine": f"{platform.machine()} {simd()}".strip(),
    }


def fingerprint(sweep: Sweep) -> str:
    """What the function computes, as a number: the SHA-256 of its results on 2^16 fixed values.

    Code that has changed since gives another one, unless it differs on none of these.
    """
    subject, found = loaded(sweep.subject, sweep.device), hashlib.sha256()
    with subject.settings(sweep.dtype):
        for first in range(0, PATTERNS, BLOCK):
            got = results(sweep, subject, patterns(sweep, first))
            found.update(np.where(np.isnan(got), got.dtype.type(np.nan), got).tobytes())
    return found.hexdigest()


def patterns(sweep: Sweep, first: int) -> list[Array]:
    """A block of values that lie all over a dtype; with one w, where pairs are swept."""
    bits, swept = np.arange(first, first + BLOCK, dtype=np.uint64), FORMULAS[sweep.formula]
    if sweep.dtype == "float32":
        bits = (bits * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)
    values = of_bits(bits, sweep.dtype)
    return swept.given(values, of_bits(np.array([0x3555]), sweep.dtype)) if swept.pairs else swept.given(values)


def simd() -> str:
    """The widest instructions that NumPy found, by which its functions are chosen."""
    found = np.show_config(mode="dicts").get("SIMD Extensions", {}).get("found", [])
    return found[-1] if found else ""


def sweep_chunk(sweep: Sweep, wanted: dict[str, Any], number: int) -> tuple[int, Tally]:
    """The number of a chunk, and what was found in it.

    Raises
    ------
    ValueError
        The result would be of another identity than `wanted`, or the function fails.
    """
    here = identity(sweep)
    for key, value in wanted.items():
        if here[key] != value:
            raise ValueError(f"a worker on {platform.node()} has {key} {here[key]}; wanted {value}, as here")
    subject, tally = loaded(sweep.subject, sweep.device), NOTHING
    block = min(BLOCK, sweep.chunk)
    with subject.settings(sweep.dtype):
        for first in range(number * sweep.chunk, (number + 1) * sweep.chunk, block):
            tally += sweep_block(sweep, subject, first, block, check=first % sweep.chunk == 0)
    return number, tally


def sweep_block(sweep: Sweep, subject: Subject, first: int, count: int, check: bool) -> Tally:
    """What is found in `count` values from number `first` on."""
    given = arguments(sweep, first, count)
    got = results(sweep, subject, given)
    with np.errstate(all="ignore"):
        return compared(sweep, subject.subnormals == "flush", first, given, got, check)


def arguments(sweep: Sweep, first: int, count: int) -> list[Array]:
    """The values by their bits, or the pairs for one w and all x."""
    bits, swept = sweep.bits(np.arange(first, first + count)), FORMULAS[sweep.formula]
    if not swept.pairs:
        return swept.given(of_bits(bits, sweep.dtype))
    return swept.given(of_bits(bits % 2**16, sweep.dtype), of_bits(bits[:1] >> 16, sweep.dtype))


def results(sweep: Sweep, subject: Subject, given: list[Array]) -> Array:
    """What the subject makes of the values."""
    function, asarray = function_of(subject, sweep.formula), subject.backend.asarray
    try:
        got = subject.backend.to_numpy(function(*map(asarray, given)))
    except Exception as error:
        reason = " ".join(str(error).split()) or "no reason given"
        raise SubjectError(f"{sweep.subject}: {sweep.formula} raised {type(error).__name__}: {reason}") from error
    if got.shape != given[0].shape[:1] or got.dtype != given[0].dtype:
        what = f"{got.dtype} and shape {got.shape}; wanted {given[0].dtype} and {given[0].shape[:1]}"
        raise SubjectError(f"{sweep.subject}: {sweep.formula} returned an array of dtype {what}")
    return got
