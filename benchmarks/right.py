"""Right code of the tests, for the benchmarks that judge it: the rewrites of the formulas, and the kernels of x @ w."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gaugeblock import reference

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from kernels import RIGHT as KERNELS

__all__ = ["KERNELS", "rewrites"]


def rewrites(formula: str) -> dict[str, Callable[..., Any]]:
    """The right implementations of a formula that are written another way."""
    module = importlib.import_module(f"rewrites.{formula}")
    names = [name for name in vars(module) if name.partition("__")[0] in reference.FORMULAS and "__" in name]
    return {name: getattr(module, name) for name in names}
