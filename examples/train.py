"""A step that learns: handwritten digits by dense, ReLU, dense, softmax, cross-entropy and Adam, on any backend.

`python examples/train.py --backend torch --plot loss.svg`; `train_together.py` compares what the backends make of it.
"""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import typer
from array_api_compat import array_namespace
from rich.progress import track

from gaugeblock import backends

SEED, TRAINED, HIDDEN, BATCH, EPOCHS, LEARNING_RATE = 0, 1437, 128, 32, 30, 0.003
STEPS = EPOCHS * (TRAINED // BATCH)


def digits(dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """The 1797 images of 8 x 8 pixels from 0 to 1 and their labels, shuffled; the first `TRAINED` are trained on."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(SEED).permutation(len(labels))
    return (pixels[order] / 16).astype(dtype), labels[order].astype(np.int32)


def batches() -> Iterator[np.ndarray]:
    """The indices of each batch, the same on every backend; what an epoch has left over is left out."""
    random = np.random.default_rng(SEED)
    for _ in range(EPOCHS):
        yield from random.permutation(TRAINED)[: TRAINED // BATCH * BATCH].reshape(-1, BATCH)


def initial(dtype: str) -> dict[str, np.ndarray]:
    """Normal weights of variance 2 / n (He et al. 2015, arXiv:1502.01852), and biases of 0."""
    normal = np.random.default_rng(SEED).standard_normal
    w1, w2 = (np.sqrt(2 / n) * normal((n, m)) for n, m in ((64, HIDDEN), (HIDDEN, 10)))
    theta = {"w1": w1, "b1": np.zeros(HIDDEN), "w2": w2, "b2": np.zeros(10)}
    return {name: array.astype(dtype) for name, array in theta.items()}


def network(gb: Any, theta: Any, x: Any) -> tuple[Any, Any, Any]:
    """What each layer makes of the images, the logits last."""
    z = gb.dense(x, theta["w1"], theta["b1"])
    h = gb.relu(z)
    return z, h, gb.dense(h, theta["w2"], theta["b2"])


def learn(gb: Any, theta: Any, state: Any, x: Any, labels: Any, share: Any) -> tuple[Any, Any, Any]:
    """One step: the loss, in which each image has its share, then its gradient layer by layer, then Adam."""
    z, h, logits = network(gb, theta, x)
    losses = gb.sparse_categorical_cross_entropy_from_logits(labels, logits)
    g_logits = gb.sparse_categorical_cross_entropy_from_logits_vjp(labels, logits, share)
    g_h, g_w2, g_b2 = gb.dense_vjp(h, theta["w2"], theta["b2"], g_logits)
    g_z = gb.relu_vjp(z, g_h)
    _, g_w1, g_b1 = gb.dense_vjp(x, theta["w1"], theta["b1"], g_z)
    grad = {"w1": g_w1, "b1": g_b1, "w2": g_w2, "b2": g_b2}
    theta, state = gb.adam_step(theta, grad, state, learning_rate=LEARNING_RATE)
    return array_namespace(losses).sum(losses * share), theta, state


def train(gb: Any, dtype: str = "float32") -> Iterator[tuple[Any, Any]]:
    """Yield the loss before each step on the backend `gb`, and the parameters after it."""
    x, labels = digits(dtype)
    theta = {name: gb.asarray(array) for name, array in initial(dtype).items()}
    state, share = gb.adam_init(theta), gb.asarray(np.full(BATCH, 1 / BATCH, dtype))
    step = partial(learn, gb)
    if gb.name == "jax":
        import jax

        step = jax.jit(step)
    for batch in batches():
        loss, theta, state = step(theta, state, gb.asarray(x[batch]), gb.asarray(labels[batch]), share)
        yield loss, theta


def accuracy(gb: Any, theta: Any) -> float:
    """How many of the images that were not trained on have their label as the most probable."""
    x, labels = digits("float32")
    p = gb.softmax(network(gb, theta, gb.asarray(x[TRAINED:]))[-1])
    return float(np.mean(gb.to_numpy(p).argmax(axis=-1) == labels[TRAINED:]))


def draw(losses: list[float], path: Path, several: int = STEPS // EPOCHS, label: str = "mean over an epoch") -> None:
    """Write a plot of the losses, and of the means of several each, as SVG, PNG or PDF."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "loss", "path.simplify_threshold": 0.5}):
        axes = (figure := Figure(figsize=(6, 3), layout="constrained")).subplots()
        axes.semilogy(losses, color="0.75", linewidth=0.7, label="each batch")
        means = np.reshape(losses, (-1, several)).mean(axis=1)
        axes.semilogy((np.arange(len(means)) + 0.5) * several, means, label=label)
        axes.set(xlabel="step", ylabel="cross-entropy")
        axes.legend(frameon=False)
        metadata = {"Date": None} if path.suffix == ".svg" else {}
        figure.savefig(file := io.BytesIO(), format=path.suffix[1:], metadata=metadata)
    path.write_bytes(file.getvalue())


@contextmanager
def in_one_line(script: str, plot: Path | None) -> Iterator[None]:
    """Exit with status 2 and one line where something is missing or wrong; refuse what is no plot's file."""
    try:
        if plot and plot.suffix not in (".svg", ".png", ".pdf"):
            raise ValueError(f"--plot: got {str(plot)!r}; wanted a file.svg, .png or .pdf")
        yield
    except (ImportError, OSError, ValueError) as error:
        message = str(error)
        if isinstance(error, ModuleNotFoundError):
            library = str(error.name).partition(".")[0]
            message = f"{library} is not installed; `pip install scikit-learn matplotlib` adds what this example needs"
        print(f"{script}: {message}", file=sys.stderr)
        raise typer.Exit(2) from None


def main(
    backend: Annotated[str, typer.Option(help=f"Where it runs: {', '.join(backends.NAMES)}.")] = "numpy",
    plot: Annotated[Path | None, typer.Option(help="Write a plot of the loss to this file (.svg, .png, .pdf).")] = None,
) -> None:
    """Train a small classifier on handwritten digits with gaugeblock's formulas."""
    with in_one_line("train.py", plot):
        gb, start, losses, theta = backends.load(backend), perf_counter(), [], None
        learning = track(train(gb), "learning", STEPS, disable=not sys.stdout.isatty(), transient=True)
        for loss, theta in learning:  # noqa: B007  (the last is used)
            losses.append(loss)
        seconds = perf_counter() - start
        print(f"test accuracy {accuracy(gb, theta):.1%}, {seconds:.1f} s, {STEPS} steps, {gb.name}")
        if plot:
            draw([float(loss) for loss in losses], plot)


if __name__ == "__main__":
    typer.run(main)
