"""What PyTorch's own kernels bring: `python benchmarks/kernels.py` writes the table into README.md.

The same formula is computed by the reference on PyTorch's tensors, by the backend, and by PyTorch's own function, in
turns, on one core, in float32.
"""

import os
import statistics
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import blocks
import torch
from array_api_compat import torch as xp
from rich.progress import track
from torch.nn import functional

from gaugeblock import backends, reference
from gaugeblock.conformance.bench.worker import batch, calls_of_a_batch, memory, reset_memory

COMMAND = "python benchmarks/kernels.py"
ROUNDS = 7
Call = Callable[[], Any]
gb = backends.load("torch")


def derived(function: Callable[..., Any], g: Any, *arrays: Any) -> Call:
    """PyTorch's gradients of a function, towards all arrays."""
    leaves = [each.detach().clone().requires_grad_() for each in arrays]
    return lambda: torch.autograd.grad(function(*leaves), leaves, g)


def of_labels(labels: Any, x: Any) -> Any:
    return functional.cross_entropy(x, labels)


def works() -> Iterator[tuple[str, str, tuple[Any, ...], dict[str, Any], Call | None]]:
    """The shape, the formula, its arguments, and PyTorch's own function of them, where it has one."""
    for shape in ((1, 4, 128, 64), (2, 8, 512, 64)):
        q, k, v, g = torch.randn(4, *shape)
        own = partial(functional.scaled_dot_product_attention, is_causal=True)
        size, causal = " x ".join(map(str, shape)), {"causal": True}
        yield size, "scaled_dot_product_attention", (q, k, v), causal, partial(own, q, k, v)
        yield size, "scaled_dot_product_attention_vjp", (q, k, v, g), causal, derived(own, g, q, k, v)
    for samples, classes in ((8, 10), (512, 1000), (256, 32000)):
        x, labels, g = torch.randn(samples, classes), torch.randint(classes, (samples,)), torch.ones(())
        soft, size = torch.softmax(torch.randn(samples, classes), -1), f"{samples} x {classes}"
        loss = functional.cross_entropy
        yield size, "cross_entropy", (labels, x), {}, partial(loss, x, labels)
        smoothed = {"label_smoothing": 0.1}
        yield f"{size}, smoothed", "cross_entropy", (labels, x), smoothed, partial(loss, x, labels, **smoothed)
        yield f"{size}, soft labels", "cross_entropy", (soft, x), {}, partial(loss, x, soft)
        yield size, "cross_entropy_vjp", (labels, x, g), {}, derived(partial(of_labels, labels), g, x)
    x, a, g, (w, b) = *torch.randn(3, 1000, 1000), torch.randn(2, 1000)
    size = "1000 x 1000"
    yield size, "gelu", (x,), {}, partial(functional.gelu, x)
    yield size, "swiglu", (x, a), {}, lambda: functional.silu(x) * a
    yield size, "swiglu_vjp", (x, a, g), {}, derived(lambda x, a: functional.silu(x) * a, g, x, a)
    norm = derived(lambda x, w, b: functional.layer_norm(x, w.shape, w, b), g, x, w, b)
    yield size, "layer_norm_vjp", (x, w, b, g), {}, norm
    for count, length in ((100, 1000), (1, 1_000_000)):
        theta, grad, m, v = ([*each] for each in torch.rand(4, count, length))
        size = f"{count} x {length}"
        for donate in ({}, {"donate": True}):
            words = f"{size}, donated" if donate else size
            yield words, "adamw_step", (theta, grad, reference.AdamState(3, m, v)), donate, None
            yield words, "sgd_step", (theta, grad, reference.SGDState(3, m)), {"momentum": 0.9, **donate}, None
        yield size, "clip_by_global_norm", (grad, 1.0), {}, None


def measured(calls: list[Call]) -> list[str]:
    """The median time of each, taken in turns, and the most memory of a call."""
    counts = [calls_of_a_batch(each) for each in calls]
    times = [[batch(*each) for each in zip(calls, counts, strict=True)] for _ in range(ROUNDS)]
    cells = []
    for call, taken in zip(calls, zip(*times, strict=True), strict=True):
        before = reset_memory()
        kept = call()
        most = "" if before is None else f", {max(0, memory('VmHWM') - before) / 1e6:.0f} MB"
        del kept
        cells.append(f"{statistics.median(taken) * 1e3:.3g} ms{most}")
    return cells


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rows, load = list[list[str]](), os.getloadavg()[0]
    for size, name, arguments, options, own in track(list(works()), "Measuring"):
        every = [partial(getattr(reference, name), *arguments, **options, xp=xp)]
        every += [partial(getattr(gb, name), *arguments, **options), *([own] if own else [])]
        rows.append([f"{name} {size}", *measured(every), *([] if own else [""])])
    head = ["float32, one core", "the reference", "the torch backend", "PyTorch's own"]
    found = f"torch {torch.__version__}; load in the minute before: {load:.1f}."
    text = f"{found} The median time of a call, and its memory beyond the arguments, results included."
    blocks.write("kernels", COMMAND, f"{text}\n\n{blocks.table(head, rows)}")


if __name__ == "__main__":
    main()
