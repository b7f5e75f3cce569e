"""Functions of other libraries, judged by the tolerance that is derived from themselves, right and wrong ones.

`python benchmarks/any_function.py` writes `results/any_function.md`. A right kernel is the library itself, a wrong one returns zeros, its input, or what the function makes of inputs in fewer bits. Beside the derived tolerance
stands `allclose` with one number for everything, against the library's own output in float64.
"""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gaugeblock.conformance.judging import assertions, oracle

PAGE = Path(__file__).parent / "results" / "any_function.md"
BITS = {"TF32 inputs": 11, "bfloat16 inputs": 8}
RTOLS = (1e-4, 1e-2)


class Judged(NamedTuple):
    """The largest ratio of the right kernel, and the wrong ones that each rule rejects."""

    ratio: float
    rejected: dict[str, tuple[bool, ...]]


def judged(function: Any, arguments: tuple[Any, ...], call: Callable[..., list[np.ndarray]]) -> Judged:
    """A function against itself; `call` gives the library's results as NumPy's arrays."""
    case = assertions.converted(function, arguments, {})
    wanted = list(assertions.expectation(case).values())
    right = call(*arguments)

    def ratio(results: list[np.ndarray]) -> float:
        if [each.shape for each in results] != [each.value.shape for each in wanted]:
            return np.inf
        ratios = (oracle.ratios(got, each)[0] for got, each in zip(results, wanted, strict=True))
        return max(float(np.max(np.nan_to_num(each, nan=np.inf), initial=0)) for each in ratios)

    def rules(results: list[np.ndarray]) -> tuple[bool, ...]:
        close = [
            all(np.allclose(got, each.value, rtol, rtol) for got, each in zip(results, wanted, strict=True))
            for rtol in RTOLS
        ]
        return ratio(results) > 1, *(not each for each in close)

    wrong = {"zeros": [np.zeros_like(each) for each in right]}
    first = np.asarray(arguments[0])
    if len(right) == 1 and right[0].shape == first.shape and right[0].dtype == first.dtype:
        wrong["identity"] = [first]
    wrong |= {name: call(*(shortened(each, bits) for each in arguments)) for name, bits in BITS.items()}
    return Judged(ratio(right), {name: rules(results) for name, results in wrong.items()})


def shortened(x: Any, bits: int) -> Any:
    """An array of float32 rounded to fewer bits; anything else as it is."""
    if str(getattr(x, "dtype", "")).rpartition(".")[2] != "float32":
        return x
    whole = np.asarray(x).view(np.uint32).astype(np.uint64)
    cut = np.uint64(24 - bits)
    near = (whole + (np.uint64(1) << (cut - np.uint64(1)))) >> cut << cut
    found = near.astype(np.uint32).view(np.float32)
    if hasattr(x, "detach"):
        import torch

        return torch.from_numpy(found)
    import jax

    return jax.numpy.asarray(found)


def of_torch() -> Iterator[tuple[str, Any, tuple[Any, ...], Any]]:
    import torch
    from torch.utils import _pytree
    from torch_functions import functions

    for name, function, arguments in functions():

        def call(*given: Any, function: Any = function) -> list[np.ndarray]:
            with torch.no_grad():
                return [each.numpy() for each in _pytree.tree_leaves(function(*given)) if each is not None]

        yield name, function, arguments, call


def of_jax() -> Iterator[tuple[str, Any, tuple[Any, ...], Any]]:
    import jax
    from jax_functions import functions

    for name, function, arguments in functions():
        for how, run in (("jit", jax.jit(function)), ("eager", function)):

            def call(*given: Any, run: Any = run) -> list[np.ndarray]:
                return [np.asarray(each) for each in jax.tree.leaves(run(*given))]

            yield f"{name}, {how}", function, arguments, call


def table(title: str, functions: Iterator[Any]) -> str:
    """The functions with their ratios, and how many of the wrong kernels each rule rejects."""
    rows: dict[str, Judged] = {}
    for name, function, arguments, call in functions:
        rows[name] = judged(function, arguments, call)
    ratios = sorted(each.ratio for each in rows.values())
    quarters = ", ".join(f"{np.quantile(ratios, q):.2g}" for q in (0, 0.25, 0.5, 0.75, 1))
    lines = [
        f"## {title}",
        "",
        f"{len(rows)} judged; {sum(r > 1 for r in ratios)} ratios above 1; quartiles {quarters}.",
    ]
    lines += ["", "| wrong kernel | derived | allclose, 1e-4 | allclose, 1e-2 |", "| --- | --- | --- | --- |"]
    for wrong in ("zeros", "identity", *BITS):
        some = [each.rejected[wrong] for each in rows.values() if wrong in each.rejected]
        counts = " | ".join(f"{sum(each[rule] for each in some)} of {len(some)}" for rule in range(3))
        lines.append(f"| {wrong} | {counts} |")
    passed = {
        w: [n for n, e in rows.items() if w in e.rejected and not e.rejected[w][0]]
        for w in ("zeros", "identity", *BITS)
    }
    lines += ["", *(f"Not rejected, {wrong}: {', '.join(names)}." for wrong, names in passed.items() if names), ""]
    lines += ["| function | largest error / bound |", "| --- | --- |"]
    lines += [f"| {name} | {each.ratio:.3g} |" for name, each in rows.items()]
    return "\n".join(lines)


def main() -> None:
    warnings.simplefilter("ignore")
    tables = [table("PyTorch", of_torch()), table("JAX", of_jax())]
    PAGE.write_text("# Functions of other libraries\n\n" + "\n\n".join(tables) + "\n")


if __name__ == "__main__":
    main()
