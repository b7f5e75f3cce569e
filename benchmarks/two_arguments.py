"""Sampled sweeps of functions of two numbers: `python benchmarks/two_arguments.py` writes what `accuracy.py` publishes.

float32 has 2^64 pairs, so none of it is a proof. The pairs are structured: every binade with every binade, subnormal
ones among them, and of either sign; for powers also whole and half exponents, and bases near 1 with exponents that take
them up to the largest and the smallest number. The oracle is NumPy's float64, and the largest error is settled by Arb.
"""

import importlib
import json
import os
import platform
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from flint import arb

from gaugeblock.backends import load
from gaugeblock.conformance.arithmetic import bounded, exact, pairs
from gaugeblock.conformance.arithmetic.functions import assumed
from gaugeblock.conformance.arithmetic.rounding import MODELS
from gaugeblock.conformance.sweep.comparison import spacing
from gaugeblock.conformance.sweep.sweep import simd
from gaugeblock.conformance.sweep.tallies import ORACLE_ULP

RESULTS = Path(__file__).parent / "results" / "sweep_of_pairs.json"
LIBRARIES = {"numpy": "numpy", "torch": "torch", "jax": "jax.numpy"}  # and where the functions are
IN_NUMPY = {"pow": "power", "atan2": "arctan2"}
EACH = 6  # pairs of each two binades
NEAR_ONE = 2**19
FLOAT32 = MODELS["float32"]
OF_FLOAT64: dict[str, Callable[..., Any]] = {"pow": np.power, "hypot": np.hypot, "atan2": np.arctan2}
OF_BALLS: dict[str, Callable[..., Any]] = {
    "pow": lambda x, y: x**y, "hypot": lambda x, y: (x * x + y * y).sqrt(), "atan2": arb.atan2
}  # fmt: skip

Array = np.ndarray


def drawn(rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
    """Pairs of every binade with every binade; the first exponent of the bits is that of subnormal numbers."""
    first, second = (each.ravel() for each in np.meshgrid(np.arange(255), np.arange(255)))
    for _ in range(EACH):
        signs = rng.integers(0, 2, (2, first.size))
        bits = [(sign << 31) | (each << 23) | rng.integers(0, 2**23, first.size)
                for sign, each in zip(signs, (first, second), strict=True)]  # fmt: skip
        yield tuple(each.astype(np.uint32).view(np.float32) for each in bits)  # type: ignore[misc]


def of_powers(rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
    """Bases near 1 with large exponents, whole exponents of either sign's bases, and halves."""
    off = np.exp2(rng.uniform(-24, -1, NEAR_ONE)) * rng.choice([-1, 1], NEAR_ONE)
    base = (1 + off).astype(np.float32)
    base[base == 1] = np.nextafter(np.float32(1), np.float32(2))
    reach = rng.uniform(-105, 90, NEAR_ONE)
    yield base, (reach / np.log(base.astype(np.float64))).astype(np.float32)
    spread = (np.exp2(rng.uniform(-20, 20, NEAR_ONE)) * rng.choice([-1, 1], NEAR_ONE)).astype(np.float32)
    yield spread, rng.integers(-40, 41, NEAR_ONE).astype(np.float32)
    yield np.abs(spread), (rng.integers(-12, 13, NEAR_ONE) / 2).astype(np.float32)
    yield (
        np.abs(spread),
        (rng.uniform(-105, 90, NEAR_ONE) / np.log(np.abs(spread).astype(np.float64))).astype(np.float32),
    )


def libraries(name: str) -> dict[str, tuple[Callable[..., Array], bool]]:
    """The function as each has it, and whether subnormal numbers count as 0 there."""
    found: dict[str, tuple[Callable[..., Array], bool]] = {}
    for library, module in LIBRARIES.items():
        backend, own = load(library), IN_NUMPY.get(name, name) if library == "numpy" else name
        function = getattr(importlib.import_module(module), own)

        def run(x: Array, y: Array, function: Any = function, backend: Any = backend) -> Array:
            return np.asarray(backend.to_numpy(function(backend.asarray(x), backend.asarray(y))))

        found[library] = run, library == "jax"
    return found


def swept(name: str) -> list[dict[str, Any]]:
    """What is found of a function in each library."""
    rng = np.random.default_rng(0)
    given = [*drawn(rng), *(of_powers(rng) if name == "pow" else ())]
    x, y = (np.concatenate(each) for each in zip(*given, strict=True))
    limit = assumed(getattr(pairs, f"{name.upper()}_ULP"), FLOAT32)
    return [found(name, library, function, flushes, x, y, limit)
            for library, (function, flushes) in libraries(name).items()]  # fmt: skip


def found(name: str, library: str, function: Any, flushes: bool, x: Array, y: Array, limit: float) -> dict[str, Any]:
    """The errors of a function on pairs, and where they exceed a limit, and the bound."""
    model = FLOAT32._replace(flush=flushes)
    with np.errstate(all="ignore"):
        wanted = OF_FLOAT64[name](x.astype(np.float64), y.astype(np.float64))
        got = function(x, y).astype(np.float64)
        special = ~np.isfinite(wanted) | (wanted == 0)
        wrong = np.where(special, ~((got == wanted) | (np.isnan(got) & np.isnan(wanted))), np.isnan(got))
        top = 2.0**128
        error = np.abs(np.clip(got, -top, top) - np.clip(wanted, -top, top)) / spacing(wanted, model)
        error[special | wrong] = 0
    small = np.zeros(x.shape, np.bool_)
    if flushes:
        least = model.smallest_normal
        small = (np.abs(x) < least) | (np.abs(y) < least) | (np.abs(wanted) <= least * (1 + 2 * limit * model.unit))
        small &= (error > 0.5) | wrong
        error[small], wrong[small] = 0, False
    over = np.flatnonzero((error > limit) | wrong)
    allowed = getattr(pairs, name)(*(bounded.lift(each[over], model, each.dtype) for each in (x, y)))
    outside = ~((np.abs(got[over] - allowed.value) <= allowed.error) | (got[over] == allowed.value))
    worst = int(np.argmax(error))
    return {
        "function": name, "library": library, "pairs": x.size, "limit": limit, "over": int(over.size),
        "beyond": int(np.count_nonzero(outside & ~(np.isnan(got[over]) & np.isnan(allowed.value)))),
        "flushed": int(np.count_nonzero(small)), "ulp": settled(name, x[worst], y[worst], got[worst]),
        "x": str(x[worst]), "y": str(y[worst]), "right": float(np.mean(error[~special & ~small] <= 0.5)),
    }  # fmt: skip


def settled(name: str, x: Any, y: Any, got: float) -> float:
    """An error in ulp, by Arb."""
    with exact.working_precision():
        ball = OF_BALLS[name](arb(float(x)), arb(float(y)))
        near = np.asarray([float(ball.mid())])
        return float(
            (abs(arb(min(max(got, -(2.0**128)), 2.0**128)) - ball) / arb(float(spacing(near, FLOAT32)[0]))).upper()
        )


def main() -> None:
    results = [each for name in OF_FLOAT64 for each in swept(name)]
    versions = {name: text for library in LIBRARIES for name, text in load(library).versions().items()}
    machine = f"{platform.machine()} {simd()}"
    document = {"versions": versions, "machine": machine, "oracle": ORACLE_ULP, "found": results}
    new = RESULTS.with_suffix(".new")
    new.write_text(json.dumps(document, indent=1) + "\n")
    os.replace(new, RESULTS)


if __name__ == "__main__":
    main()
