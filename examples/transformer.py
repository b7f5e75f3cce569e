"""A transformer of one block that learns to write: attention, rotary positions, RMS norm and SwiGLU, on any backend.

`python examples/transformer.py --backend torch --plot loss.svg`. The text is made here: sentences of random words, each
equally likely, so that the best loss there can be is known.
"""

import math
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import typer
from array_api_compat import array_namespace
from rich.progress import track
from train import draw, in_one_line

from gaugeblock import backends

WORDS = [
    ["anna", "boris", "clara", "david", "emma", "felix"],
    ["sees", "likes", "draws", "finds", "paints", "hides"],
    ["one", "two", "three", "four", "five", "six", "seven"],
    ["red", "blue", "green", "small", "large", "old", "new"],
    ["cats", "dogs", "birds", "stones", "houses", "trees"],
]
SEED, BATCH, LENGTH, STEPS, MEAN_OF = 0, 16, 48, 400, 20
WIDTH, HEADS, HIDDEN, LEARNING_RATE, MAX_NORM = 32, 4, 64, 0.01, 1.0
# Of a character, in nats: a sentence has a word from each list, and each word ends with a space or a full stop. What
# stands before the beginning of a piece nobody knows, so that the loss stays a little above.
BEST = sum(math.log(len(words)) for words in WORDS) / sum(np.mean([len(w) + 1 for w in words]) for words in WORDS)


def text(sentences: int) -> str:
    """Sentences of random words."""
    choose = np.random.default_rng(SEED).choice
    return "".join(" ".join(choose(words) for words in WORDS) + "." for _ in range(sentences))


def batches(numbers: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pieces of a text, and the character after each of theirs; the same on every backend."""
    random = np.random.default_rng(SEED)
    for _ in range(STEPS):
        places = random.integers(0, len(numbers) - LENGTH, (BATCH, 1)) + np.arange(LENGTH)
        yield numbers[places], numbers[places + 1]


def initial(characters: int) -> dict[str, np.ndarray]:
    """Normal weights of variance 1 / n, n being what is summed over."""
    normal, sizes = np.random.default_rng(SEED).standard_normal, {"out": (WIDTH, characters), "down": (HIDDEN, WIDTH)}
    sizes |= dict.fromkeys(("q", "k", "v", "o"), (WIDTH, WIDTH)) | dict.fromkeys(("gate", "up"), (WIDTH, HIDDEN))
    theta = {name: normal(size) / np.sqrt(size[0]) for name, size in sizes.items()}
    theta |= {"table": normal((characters, WIDTH))} | {name: np.ones(WIDTH) for name in ("norm1", "norm2", "norm3")}
    return {name: array.astype(np.float32) for name, array in theta.items()}


def angles() -> tuple[np.ndarray, np.ndarray]:
    """The cosine and the sine for each position and pair."""
    pairs = WIDTH // HEADS // 2
    turns = np.multiply.outer(np.arange(LENGTH), 10_000.0 ** (-np.arange(pairs) / pairs))
    return np.cos(turns).astype(np.float32), np.sin(turns).astype(np.float32)


def apart(x: Any) -> Any:
    """The heads of each position as an axis before the positions."""
    xp = array_namespace(x)
    return xp.permute_dims(xp.reshape(x, (BATCH, LENGTH, HEADS, WIDTH // HEADS)), (0, 2, 1, 3))


def together(x: Any) -> Any:
    """Back from `apart`."""
    xp = array_namespace(x)
    return xp.reshape(xp.permute_dims(x, (0, 2, 1, 3)), (BATCH, LENGTH, WIDTH))


def learn(gb: Any, cos: Any, sin: Any, one: Any, theta: Any, state: Any, given: Any, after: Any) -> tuple[Any, ...]:
    """One step: the loss, its gradients formula by formula in reverse, and AdamW."""
    t, grad = theta, {}
    x = gb.embedding(t["table"], given)
    x_norm = gb.rms_norm(x, t["norm1"])
    q, k, v = (apart(gb.matmul(x_norm, t[name])) for name in "qkv")
    turned_q, turned_k = gb.rotary_embedding(q, cos, sin), gb.rotary_embedding(k, cos, sin)
    seen = together(gb.scaled_dot_product_attention(turned_q, turned_k, v, causal=True))
    y = x + gb.matmul(seen, t["o"])
    y_norm = gb.rms_norm(y, t["norm2"])
    gate, up = gb.matmul(y_norm, t["gate"]), gb.matmul(y_norm, t["up"])
    hidden = gb.swiglu(gate, up)
    z = y + gb.matmul(hidden, t["down"])
    z_norm = gb.rms_norm(z, t["norm3"])
    logits = gb.matmul(z_norm, t["out"])
    loss = gb.cross_entropy(after, logits)

    g_logits = gb.cross_entropy_vjp(after, logits, one)
    g_z_norm, grad["out"] = gb.matmul_vjp(z_norm, t["out"], g_logits)
    g_z, grad["norm3"] = gb.rms_norm_vjp(z, t["norm3"], g_z_norm)
    g_hidden, grad["down"] = gb.matmul_vjp(hidden, t["down"], g_z)
    g_gate, g_up = gb.swiglu_vjp(gate, up, g_hidden)
    by_gate, grad["gate"] = gb.matmul_vjp(y_norm, t["gate"], g_gate)
    by_up, grad["up"] = gb.matmul_vjp(y_norm, t["up"], g_up)
    g_y, grad["norm2"] = gb.rms_norm_vjp(y, t["norm2"], by_gate + by_up)
    g_y = g_y + g_z
    g_seen, grad["o"] = gb.matmul_vjp(seen, t["o"], g_y)
    g_q, g_k, g_v = gb.scaled_dot_product_attention_vjp(turned_q, turned_k, v, apart(g_seen), causal=True)
    g_q, g_k = (gb.rotary_embedding_vjp(each, cos, sin, g)[0] for each, g in ((q, g_q), (k, g_k)))
    by_q, grad["q"] = gb.matmul_vjp(x_norm, t["q"], together(g_q))
    by_k, grad["k"] = gb.matmul_vjp(x_norm, t["k"], together(g_k))
    by_v, grad["v"] = gb.matmul_vjp(x_norm, t["v"], together(g_v))
    g_x, grad["norm1"] = gb.rms_norm_vjp(x, t["norm1"], by_q + by_k + by_v)
    grad["table"] = gb.embedding_vjp(t["table"], given, g_x + g_y)
    grad = gb.clip_by_global_norm(grad, MAX_NORM)
    return loss, *gb.adamw_step(theta, grad, state, learning_rate=LEARNING_RATE)


def train(gb: Any) -> Iterator[Any]:
    """Yield the loss of each step on the backend `gb`."""
    characters, numbers = np.unique([*text(2000)], return_inverse=True)
    theta = {name: gb.asarray(array) for name, array in initial(len(characters)).items()}
    state, one = gb.adam_init(theta), gb.asarray(np.ones((), np.float32))
    step = partial(learn, gb, *map(gb.asarray, angles()), one)
    if gb.name == "jax":
        import jax

        step = jax.jit(step)
    for given, after in batches(numbers.astype(np.int32)):
        loss, theta, state = step(theta, state, gb.asarray(given), gb.asarray(after))
        yield loss


def main(
    backend: Annotated[str, typer.Option(help=f"Where it runs: {', '.join(backends.NAMES)}.")] = "numpy",
    plot: Annotated[Path | None, typer.Option(help="Write a plot of the loss to this file (.svg, .png, .pdf).")] = None,
) -> None:
    """Train a transformer of one block to write characters, with gaugeblock's formulas."""
    with in_one_line("transformer.py", plot):
        gb, start = backends.load(backend), perf_counter()
        learning = track(train(gb), "learning", STEPS, disable=not sys.stdout.isatty(), transient=True)
        losses = [float(loss) for loss in learning]
        last = np.mean(losses[-MEAN_OF:])
        print(f"loss {last:.3f}, at best {BEST:.3f}, {perf_counter() - start:.1f} s, {STEPS} steps, {gb.name}")
        if plot:
            draw(losses, plot, MEAN_OF, f"mean of {MEAN_OF}")


if __name__ == "__main__":
    typer.run(main)
