"""Cases of rotary position embedding, and those that its gradients have too."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from . import Case, declared, finfo, seeded
from . import case as any_case

SHAPE = 2, 5, 6  # samples, positions, and the numbers of three pairs


def first_position(name: str, dtype: np.dtype[Any]) -> Iterator[Case]:
    """The position 0 alone, of which nothing is turned."""
    rng, shapes = np.random.default_rng([31, len(name)]), {"cos": (1, 3), "sin": (1, 3)}
    given = {each: rng.normal(size=shapes.get(each, (2, 1, 6))) for each in declared(name).arguments}
    given |= {"cos": np.ones((1, 3)), "sin": np.zeros((1, 3))}
    note = "what is not turned shares memory with what was given"
    arrays = [np.asarray(each, dtype) for each in given.values()]
    yield any_case(name, f"{name}.value", "first_position", note, *arrays)
    spoilt = arrays[0].copy()
    spoilt[..., 0, 0] = np.nan
    note = "what is not turned comes back as it was given, though NaN times 0 is NaN"
    yield any_case(name, f"{name}.nan", "first_position", note, spoilt, *arrays[1:])


DETAILS: dict[str, dict[str, Any]] = {"rotary_embedding": {"made": partial(first_position, "rotary_embedding")}}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    return cases_of("rotary_embedding", dtype, seed)


def angles(length: int, pairs: int, first: int = 0) -> np.ndarray:
    """The usual angles of positions."""
    return np.multiply.outer(np.arange(first, first + length), 10_000.0 ** (-np.arange(pairs) / pairs))


def cases_of(name: str, dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    """The cases of a function of x, cos and sin, and of a gradient g."""
    case, info, arguments = partial(any_case, name), finfo(dtype), list(declared(name).arguments)
    rng, nan, inf = np.random.default_rng([30, len(name)]), np.nan, np.inf

    def normal(generator: np.random.Generator = rng, shape: tuple[int, ...] = SHAPE) -> dict[str, Any]:
        """Normal arguments, by name."""
        of_pairs = shape[-2], shape[-1] // 2
        shapes = {each: of_pairs if each in ("cos", "sin") else shape for each in arguments}
        return {each: np.asarray(generator.normal(size=size), dtype) for each, size in shapes.items()}

    def made(label: str, which: str, note: str, given: dict[str, Any], **options: Any) -> Case:
        return case(f"{name}.{label}", which, note, *given.values(), **options)

    def turned(first: int, shape: tuple[int, ...] = SHAPE) -> dict[str, Any]:
        """Normal arguments, turned by the usual angles of positions from `first` on."""
        turn = angles(shape[-2], shape[-1] // 2, first)
        return normal(shape=shape) | {"cos": np.cos(turn).astype(dtype), "sin": np.sin(turn).astype(dtype)}

    for which, random in seeded(dtype, seed, 2):
        yield made("value", which, "any mistake", normal(random))
    yield made("value", "angles", "the sine's sign, or the other pairs", turned(0))
    yield made("value", "far", "angles computed anew from the position in few bits", turned(4000))
    yield made("value", "one_pair", "a single pair or position fails", normal(shape=(1, 1, 2)))
    yield made("value", "many", "positions or pairs at the end left out", turned(0, (2, 67, 34)))
    yield made("interleaved", "angles", "halves in the place of neighbours", turned(0), interleaved=True)
    yield made("interleaved", "normal", "neighbours read, and halves written", normal(), interleaved=True)
    yield made("interleaved", "default", "neighbours in the place of halves", normal(), interleaved=False)
    yield made("interleaved", "one_pair", "a single pair fails", normal(shape=(1, 1, 2)), interleaved=True)
    yield made("batch", "no_axes", "a batch axis taken for granted", turned(0, (5, 6)))
    yield made("batch", "two_axes", "one batch axis taken for granted", turned(0, (2, 3, 2, 4)))
    for which in arguments:
        given = normal()
        given[which][(1, 3, 2)[-given[which].ndim :]] = nan
        label = "batch" if which == "x" and "g" not in arguments else "nan"
        yield made(label, f"in_{which}", "NaN lost, or spread to other pairs or samples", given)
    given = normal()
    given["x"][0, 1, 0], given["sin"][1], given["cos"][2, 0], given[arguments[-1]][..., 2, 1] = nan, 0, 0, nan
    yield made("nan", "times_zero", "an angle of 0 hides NaN", given, interleaved=True)
    for interleaved in (False, True):
        given = normal()
        given["x"][0, 0, 0], given["x"][1, 1, 4], given["cos"][2, 0], given["sin"][3, 1] = inf, -inf, inf, -inf
        given["sin"][1, 1] = 0
        yield made("infinity", f"in_each_{interleaved}", "infinity replaced", given, interleaved=interleaved)
    tiny = normal()
    tiny["x"][:, :2] *= np.asarray(float(info.smallest_normal) / 4, dtype)
    yield made("subnormal", "x", "subnormal numbers flushed to 0", tiny)
    small, root = normal(), np.asarray(np.sqrt(float(info.smallest_normal)) / 4, dtype)
    for each in small.values():
        each[..., :2, :] *= root
    yield made("subnormal", "products", "subnormal products flushed to 0", small)
    yield made("empty", "no_samples", "a batch of 0 fails", normal(shape=(0, 5, 6)))
    yield made("empty", "no_positions", "no positions fail", normal(shape=(2, 0, 6)))
    yield made("layout", "three_axes", "memory order taken for granted", normal())
    yield made("layout", "interleaved", "memory order taken for granted", normal(), interleaved=True)
