"""The largest error in ulp that is found of each function whose accuracy the bounds assume, beside what they assume.

Random arguments, half of them spread over all magnitudes: a search, not a proof. `python
benchmarks/function_accuracy.py [COUNT]` prints the table; float64 takes one argument in 100, since Arb judges each.
"""

import math
import sys
import warnings
from typing import Any

import flint
import numpy as np
import scipy.special
from flint import arb

from gaugeblock.conformance.arithmetic.functions import FUNCTIONS
from gaugeblock.conformance.arithmetic.pairs import SOURCES

RANGES = {
    "sin": (-1e3, 1e3), "cos": (-1e3, 1e3), "tan": (-1e3, 1e3), "asin": (-1, 1), "acos": (-1, 1), "atan": (-1e4, 1e4),
    "sinh": (-80, 80), "cosh": (-80, 80), "tanh": (-12, 12), "asinh": (-1e6, 1e6), "acosh": (1, 1e6), "atanh": (-1, 1),
    "exp2": (-120, 120), "log1p": (-1, 1e6), "log2": (1e-6, 1e6), "log10": (1e-6, 1e6), "erf": (-4.5, 4.5),
    "pow": (1e-3, 1e3), "hypot": (-1e6, 1e6), "atan2": (-1e6, 1e6),
}  # fmt: skip
NUMPY = {"erf": scipy.special.erf, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "asinh": np.arcsinh,
         "acosh": np.arccosh, "atanh": np.arctanh, "atan2": np.arctan2, "pow": np.power}  # fmt: skip
PAIRS = {"pow": lambda x, y: x**y, "hypot": lambda x, y: (x * x + y * y).sqrt(), "atan2": arb.atan2}


def arguments(name: str, dtype: Any, count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Numbers of a function's range; the exponents of powers are between -9 and 9."""
    low, high = RANGES[name]

    def spread(low: float, high: float) -> np.ndarray:
        magnitudes = np.exp(rng.uniform(math.log(1e-6), math.log(max(abs(low), abs(high))), count // 2))
        signed = magnitudes * rng.choice([-1, 1], count // 2) if low < 0 else magnitudes
        return rng.permutation(np.clip(np.concatenate([signed, rng.uniform(low, high, count // 2)]), low, high))

    several = [(low, high)] if name not in PAIRS else [(low, high), (-9, 9) if name == "pow" else (low, high)]
    return [spread(*each).astype(dtype) for each in several]


def libraries(name: str) -> dict[str, Any]:
    """The function as each library has it, on NumPy's arrays."""
    import jax
    import jax.numpy as jnp
    import torch

    of_jax = jax.jit(jax.scipy.special.erf if name == "erf" else getattr(jnp, name))
    return {
        "NumPy": NUMPY.get(name) or getattr(np, name),
        "PyTorch": lambda *x: getattr(torch, name)(*map(torch.from_numpy, x)).numpy(),
        "XLA": lambda *x: np.asarray(of_jax(*x)),
    }


def worst(name: str, dtype: Any, count: int) -> dict[str, float]:
    """The largest error of each library in ulp."""
    given = arguments(name, dtype, count, np.random.default_rng(0))
    wanted = in_float64(name, given) if dtype == np.float32 else None
    info, found = np.finfo(dtype), {}
    for library, function in libraries(name).items():
        with np.errstate(all="ignore"):
            got = function(*given).astype(np.float64)
        if wanted is None:
            pairs = zip(got, *given, strict=True)
            errors = np.array([abs(float(arb(y) - exactly(name, x))) for y, *x in pairs])
            size = np.abs(got)
        else:
            errors, size = np.abs(got - wanted), np.abs(wanted)
        ulp = np.exp2(np.floor(np.log2(np.maximum(size, float(info.tiny)))) - info.nmant)
        judged = np.isfinite(got) & (size < float(info.max)) & (size > float(info.tiny))
        found[library] = float(np.max(np.where(judged, errors / ulp, 0)))
    return found


def in_float64(name: str, given: list[np.ndarray]) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray((NUMPY.get(name) or getattr(np, name))(*(x.astype(np.float64) for x in given)))


def exactly(name: str, x: list[float]) -> Any:
    return PAIRS[name](*map(arb, map(float, x))) if name in PAIRS else FUNCTIONS[name].ball(arb(float(x[0])))


def main(count: int = 10**6) -> None:
    import jax

    jax.config.update("jax_enable_x64", True)
    warnings.simplefilter("ignore")
    flint.ctx.prec = 200
    assumed = {name: each.ulp for name, each in FUNCTIONS.items()} | {name: ulp for name, (ulp, _) in SOURCES.items()}
    for name, ulp in assumed.items():
        for dtype, limit, share in ((np.float32, ulp[0], 1), (np.float64, ulp[1], 100)):
            found = worst(name, dtype, max(count // share, 2))
            row = "  ".join(f"{library} {error:7.2f}" for library, error in found.items())
            print(f"{name:6s} {np.dtype(dtype).name}  assumed {limit}  {row}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
