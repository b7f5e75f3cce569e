"""How far the backends part while they learn, and what bounds can say of it: `python examples/train_together.py`.

The training of `train.py` runs on each backend, and on bounded arrays, which carry through every step the largest
difference that correct arithmetic can make. It prints the losses of some steps, and
writes the summary into docs/training.md.
"""

import sys
from collections.abc import Iterator
from itertools import combinations, islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import train
from rich.progress import track

from gaugeblock import backends, reference
from gaugeblock.conformance.arithmetic import bounded
from gaugeblock.conformance.arithmetic.bounded import Bounded
from gaugeblock.conformance.arithmetic.rounding import HOST, MODELS, Model
from gaugeblock.reference import AdamState

PAGE = Path(__file__).parent.parent / "docs/training.md"
START, END = "<!-- learning: python examples/train_together.py -->\n", "<!-- end of learning -->\n"
BACKENDS, DTYPES, STEPS, SHOWN = ("numpy", "jax", "torch"), ("float32", "float64"), 50, (1, 2, 3, 4, 5, 10, 20, 30, 50)
HYPER_PARAMETERS = {"learning_rate": train.LEARNING_RATE, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
SAYS_NOTHING = 0.1  # a bound above this part of the loss


def relu(x: Bounded) -> Bounded:
    """ReLU, which moves by no more than its input: also where the error leaves open on which side of 0 that is."""
    return Bounded(np.maximum(x.value, 0), np.where(x.value > -x.error, x.error, 0), x.model, x.dtype)


def relu_vjp(x: Bounded, g: Bounded) -> Bounded:
    """ReLU's gradient: g or 0 where the error leaves open on which side of 0 the input is."""
    y, either = reference.relu_vjp(x, g), np.abs(x.value) <= x.error
    return Bounded(y.value, np.where(either, np.abs(g.value) + g.error, y.error), x.model, x.dtype)


def adam_step(theta: Any, grad: Any, state: AdamState, **_: float) -> tuple[Any, AdamState]:
    """Adam's step; where the error is as large as the gradient, the length of the longest step limits theta's."""
    like = theta["w1"]
    named = {name: Bounded(value, 0, HOST, like.dtype) for name, value in HYPER_PARAMETERS.items()}
    step = bounded.lift(bounded.value_of(state.step), like.model, like.dtype)
    after, state = reference.adam_step(theta, grad, state._replace(step=step), **named)
    length = longest(int(bounded.value_of(state.step)))
    return {name: limited(after[name], theta[name], length) for name in theta}, state


def longest(step: int) -> float:
    """The longest that a step can be, whatever the gradients: by Cauchy and Schwarz, with 1 % for the roundings."""
    rate, beta1, beta2, _ = HYPER_PARAMETERS.values()
    age = np.arange(step)
    m, v = ((1 - beta) * beta**age / (1 - beta**step) for beta in (beta1, beta2))
    return 1.01 * rate * np.sqrt(np.sum(m**2 / v))


def limited(after: Bounded, before: Bounded, length: float) -> Bounded:
    """The parameters after a step that is at most so long, as is the one to their value."""
    rounding = 2 * before.model.unit * (np.abs(before.value) + before.error + length)
    limit = before.error + np.abs(after.value - before.value) + length + rounding
    return Bounded(after.value, np.fmin(after.error, limit), after.model, after.dtype)


def bounded_backend(model: Model, dtype: str) -> SimpleNamespace:
    """The reference on bounded arrays, for `train`."""

    def asarray(array: np.ndarray) -> Any:
        return array if array.dtype.kind == "i" else bounded.lift(array, model, np.dtype(dtype))

    own = {"name": "bounded", "asarray": asarray, "relu": relu, "relu_vjp": relu_vjp, "adam_step": adam_step}
    return SimpleNamespace(**vars(reference) | own)


class Run(NamedTuple):
    """The losses of each backend, the float64 run's, and the bound of each, by step."""

    losses: dict[str, np.ndarray]
    value: np.ndarray
    bound: np.ndarray

    @property
    def apart(self) -> np.ndarray:
        """The largest difference between two backends."""
        return np.max([np.abs(a - b) for a, b in combinations(self.losses.values(), 2)], axis=0)

    @property
    def said(self) -> int:
        """The number of steps whose bound says something."""
        return int(np.argmax(np.append(self.bound > SAYS_NOTHING * self.value, True)))


def losses(gb: Any, dtype: str) -> Iterator[Any]:
    """The losses of the first steps."""
    return (loss for loss, _ in islice(train.train(gb, dtype), STEPS))


def run(dtype: str) -> Run:
    """Train on every backend and on bounded arrays."""
    found = {}
    for name in BACKENDS:
        gb = backends.load(name)
        with gb.settings(dtype):
            found[name] = np.array([float(loss) for loss in losses(gb, dtype)])
    # XLA flushes subnormal numbers.
    with np.errstate(all="ignore"):
        carried = list(losses(bounded_backend(MODELS[dtype]._replace(flush=True), dtype), dtype))
    value, bound = (np.array([getattr(loss, name) for loss in carried]) for name in ("value", "error"))
    return Run(found, value, np.where(np.isfinite(bound), bound, np.inf))


def summary(runs: dict[str, Run]) -> str:
    """What the page says, in Markdown."""
    lines = [
        f"| | the bound exceeds {SAYS_NOTHING:.0%} of the loss from step | until then, largest difference / bound "
        f"| loss at step {STEPS} | largest difference in {STEPS} steps |",
        "|---|---|---|---|---|",
    ]
    for dtype, r in runs.items():
        worst = np.max(r.apart[: r.said] / r.bound[: r.said])
        lines.append(f"| {dtype} | {r.said + 1} | {worst:.1g} | {r.value[-1]:.3f} | {np.max(r.apart):.1g} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    runs = {dtype: run(dtype) for dtype in track(DTYPES, disable=not sys.stdout.isatty(), transient=True)}
    for dtype, r in runs.items():
        print(f"{dtype:8}" + "".join(f"{name:>20}" for name in BACKENDS) + f"{'difference':>12}{'bound':>12}")
        for i in (step - 1 for step in SHOWN):
            shown = "".join(f"{each[i]:20.16f}" for each in r.losses.values())
            print(f"{i + 1:8}{shown}{r.apart[i]:12.2g}{r.bound[i]:12.2g}")
    before, rest = PAGE.read_text().split(START)
    PAGE.write_text(f"{before}{START}\n{summary(runs)}\n{END}{rest.split(END)[1]}")
