"""Functions of other libraries, judged by the tolerance that is derived from themselves, right and wrong ones.

`python benchmarks/any_function.py` writes `results/any_function.md`. A right kernel is the library itself. A wrong one
returns zeros, or its input, or is the function on inputs and weights in fewer bits, or another formula. Beside the
derived tolerance stands `allclose` with one number for everything, against the function's value in real numbers.
"""

import copy
import math
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import torch
from torch.nn import functional
from torch.utils import _pytree

from gaugeblock.conformance.judging import assertions, oracle
from gaugeblock.conformance.judging.expectations import expectations

PAGE = Path(__file__).parent / "results" / "any_function.md"
BITS = {"TF32 inputs and weights": 11, "bfloat16 inputs and weights": 8}
RTOLS = (1e-4, 1e-2)
HEAD = """# Functions of other libraries

Written by `python benchmarks/any_function.py`. Each function is judged by the tolerance that is derived from itself, on
normally distributed inputs in float32. The ratio is the largest error / bound of the library's own result: at most 1
conforms. *n of m* wrong kernels are rejected by the derived tolerance, and by `allclose` with `rtol` and `atol` of 1e-4
and of 1e-2.
"""

Call = Callable[..., list[np.ndarray]]


class Judged(NamedTuple):
    """The largest ratio of the right kernel, and whether each rule rejects each wrong one."""

    ratio: float
    rejected: dict[str, list[bool]]


class Rules(NamedTuple):
    """What the results should be."""

    wanted: list[Any]

    def ratio(self, results: list[np.ndarray]) -> float:
        """The largest error over the bound."""
        if [each.shape for each in results] != [each.value.shape for each in self.wanted]:
            return math.inf
        ratios = (oracle.ratios(got, each)[0] for got, each in zip(results, self.wanted, strict=True))
        return max(float(np.max(np.nan_to_num(each, nan=np.inf), initial=0)) for each in ratios)

    def reject(self, results: list[np.ndarray]) -> list[bool]:
        """Whether the derived tolerance does, and one number for everything."""
        pairs = list(zip(results, self.wanted, strict=True))
        close = [all(np.allclose(got, each.value, rtol, rtol) for got, each in pairs) for rtol in RTOLS]
        return [self.ratio(results) > 1, *(not each for each in close)]


def rules(function: Any, arguments: tuple[Any, ...], options: dict[str, Any] | None = None) -> Rules:
    case = assertions.call_of(function, arguments, options or {})
    return Rules([each for _, found in expectations(case) for each in found.values()])


def judged(function: Any, arguments: tuple[Any, ...], call: Call) -> Judged:
    """A function against itself; `call` gives the results of a function of the library as NumPy's arrays."""
    found, right = rules(function, arguments), call(function, *arguments)
    wrong = {"zeros": [np.zeros_like(each) for each in right]}
    first = np.asarray(arguments[0])
    if len(right) == 1 and right[0].shape == first.shape and right[0].dtype == first.dtype:
        wrong["its input"] = [first]
    for name, bits in BITS.items():
        wrong[name] = call(coarser(function, bits), *(shortened(each, bits) for each in arguments))
    return Judged(found.ratio(right), {name: found.reject(results) for name, results in wrong.items()})


def shortened(x: Any, bits: int) -> Any:
    """An array of float32 rounded to fewer bits; anything else as it is."""
    if str(getattr(x, "dtype", "")).rpartition(".")[2] != "float32":
        return x
    whole, cut = np.asarray(x).view(np.uint32).astype(np.uint64), np.uint64(24 - bits)
    rounded = (whole + (np.uint64(1) << (cut - np.uint64(1)))) >> cut << cut
    found = rounded.astype(np.uint32).view(np.float32)
    return torch.from_numpy(found) if isinstance(x, torch.Tensor) else jax.numpy.asarray(found)


def coarser(function: Any, bits: int) -> Any:
    """A module with its parameters in fewer bits."""
    if not isinstance(function, torch.nn.Module):
        return function
    found = copy.deepcopy(function)
    for each in found.parameters():
        each.data = shortened(each.data, bits)
    return found


def of_torch(function: Any, *arguments: Any) -> list[np.ndarray]:
    with torch.no_grad():
        return [each.numpy() for each in _pytree.tree_leaves(function(*arguments)) if each is not None]


def eager(function: Any, *arguments: Any) -> list[np.ndarray]:
    return [np.asarray(each) for each in jax.tree.leaves(function(*arguments))]


def compiled(function: Any, *arguments: Any) -> list[np.ndarray]:
    return eager(jax.jit(function), *arguments)


def table(title: str, functions: Iterator[Any], call: Call) -> str:
    """The functions with their ratios, and how many of the wrong kernels each rule rejects."""
    rows = {}
    for name, function, arguments in functions:
        rows[name] = judged(function, arguments, call)
        print(f"{title}: {name} {rows[name].ratio:.3g}", file=sys.stderr, flush=True)
    ratios = [each.ratio for each in rows.values()]
    quartiles = ", ".join(f"{each:.2g}" for each in np.quantile(ratios, (0, 0.25, 0.5, 0.75, 1)))
    above = sum(each > 1 for each in ratios)
    lines = [f"## {title}", "", f"{len(rows)} functions; {above} ratios above 1; quartiles {quartiles}.", ""]
    lines += ["| wrong kernel | derived | allclose 1e-4 | allclose 1e-2 |", "| --- | --- | --- | --- |"]
    passed = []
    for wrong in ("zeros", "its input", *BITS):
        some = {name: each.rejected[wrong] for name, each in rows.items() if wrong in each.rejected}
        counts = (f"{sum(each[rule] for each in some.values())} of {len(some)}" for rule in range(3))
        lines.append(f"| {wrong} | {' | '.join(counts)} |")
        names = ", ".join(name for name, each in some.items() if not each[0])
        passed += [f"Not rejected by the derived tolerance, {wrong}: {names}.", ""] if names else []
    lines += ["", *passed, "| function | ratio |", "| --- | --- |"]
    lines += [f"| {name} | {each.ratio:.3g} |" for name, each in rows.items()]
    return "\n".join(lines) + "\n"


def layer_norm_in_one_pass(x: torch.Tensor) -> torch.Tensor:
    mean = x.mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt((x * x).mean(-1, keepdim=True) - mean * mean + 1e-5)


def layer_norm_by_updates(x: torch.Tensor) -> torch.Tensor:
    """Welford's mean and variance."""
    mean, squares = torch.zeros_like(x[:, :1]), torch.zeros_like(x[:, :1])
    for i in range(x.shape[1]):
        off = x[:, i : i + 1] - mean
        mean = mean + off / (i + 1)
        squares = squares + off * (x[:, i : i + 1] - mean)
    return (x - mean) / torch.sqrt(squares / x.shape[1] + 1e-5)


def formulas() -> str:
    """Other formulas in the place of the right one: the largest ratio, and what rejects them."""
    rows = torch.randn(32, 256, generator=torch.Generator().manual_seed(0))
    lines = ["## Other formulas", "", "| kernel | judged as | ratio | derived | allclose 1e-4 | allclose 1e-2 |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")

    def row(kernel: str, formula: str, function: Any, arguments: Any, options: Any, output: torch.Tensor) -> None:
        found = rules(function, arguments, options)
        words = ("rejects" if each else "passes" for each in found.reject([output.numpy()]))
        lines.append(f"| {kernel} | {formula} | {found.ratio([output.numpy()]):.3g} | {' | '.join(words)} |")

    for offset in (0, 10, 100, 1000):
        x, of = rows + offset, f"layer norm, data at {offset}"
        for name, kernel in (("variance by updates", layer_norm_by_updates), ("in one pass", layer_norm_in_one_pass)):
            row(name, of, functional.layer_norm, (x, (256,)), {}, kernel(x))
    x = 3 * rows
    by_tanh = functional.gelu(x, approximate="tanh")
    row("GELU by tanh", "GELU by erf", functional.gelu, (x,), {}, by_tanh)
    row("GELU by erf", "GELU by tanh", functional.gelu, (x,), {"approximate": "tanh"}, functional.gelu(x))
    row("GELU by sigmoid", "GELU by erf", functional.gelu, (x,), {}, x * torch.sigmoid(1.702 * x))
    return "\n".join(lines) + "\n"


def main() -> None:
    import jax_functions
    import jax_programs
    import torch_chains
    import torch_functions
    import torch_modules
    import torch_networks
    import torch_operators

    warnings.simplefilter("ignore")
    PAGE.write_text("\n".join([
        HEAD, table("PyTorch, eager", torch_functions.functions(), of_torch),
        table("Blocks and more functions of PyTorch, eager", torch_modules.blocks(), of_torch),
        table("Operators of PyTorch in many shapes, eager", torch_operators.operators(), of_torch),
        table("Operators of PyTorch one after another, eager", torch_chains.chains(), of_torch),
        table("Networks of PyTorch, eager", torch_networks.networks(), of_torch), formulas(),
        table("JAX, compiled", jax_functions.functions(), compiled),
        table("JAX, eager", jax_functions.functions(), eager),
        table("Programs of JAX, compiled", jax_programs.programs(), compiled),
    ]))  # fmt: skip


if __name__ == "__main__":
    main()
