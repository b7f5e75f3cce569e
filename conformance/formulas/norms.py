"""Cases that normalisations and their gradients share."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from . import Case, declared, finfo, seeded
from . import case as any_case


def cases_of(name: str, dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    """The cases of a function of rows x, of what has the length of a row, and of a gradient g."""
    case = partial(any_case, name)
    rng = np.random.default_rng([24, len(name)])
    info, arguments = finfo(dtype), list(declared(name).arguments)
    is_gradient, nan = "g" in arguments, np.nan

    def array(values: Any) -> Any:
        return np.asarray(values, dtype)

    def normal(generator: np.random.Generator = rng, *shape: int) -> dict[str, Any]:
        """Normal arguments, by name, for rows of a shape."""
        shape = shape or (3, 7)
        shapes = {each: shape if each in ("x", "g") else shape[-1:] for each in arguments}
        return {each: array(generator.normal(size=size)) for each, size in shapes.items()}

    def made(label: str, which: str, note: str, given: dict[str, Any], **options: Any) -> Case:
        return case(f"{name}.{label}", which, note, *given.values(), **options)

    for which, random in seeded(dtype, seed, 2):
        yield made("value", which, "any mistake", normal(random))
    yield made("value", "one_row", "a batch axis taken for granted", normal(rng, 7))
    yield made("value", "odd_length", "the last n % 8 places left out", normal(rng, 2, 17))
    yield made("value", "many_places", "places beyond 1024 left out", normal(rng, 2, 1100))
    given = normal()
    given["x"] = array(given["x"] * 2.0 ** np.array([[-9], [-3], [6]]))
    yield made("value", "scales", "rows scaled together, or squares in float16", given)
    given = normal()
    given["x"] = array(given["x"] + 2.0 ** (info.nmant // 2))
    yield made("value", "large_mean", "a variance in one pass cancels", given)
    given = normal()
    given["x"] = array(given["x"] * 2.0**-9)
    yield made("epsilon", "default", "epsilon left out, outside the root, or another one", given)
    for epsilon in (1e-3, 1.0, 0.0):
        yield made("epsilon", f"{epsilon:g}", "epsilon ignored, or outside the root", normal(), epsilon=epsilon)
    given = normal()
    given["x"][:2] = [[0], [0.5]]
    yield made("epsilon", "equal", "rows of zeros, or of equal numbers, are NaN", given)
    yield made("batch", "two_axes", "one batch axis taken for granted", normal(rng, 2, 2, 5))
    given = normal()
    given["x"][1, 3] = nan
    yield made("batch" if not is_gradient else "nan", "in_x", "NaN lost, or spread to other rows", given)
    for which in arguments[1:]:
        given = normal()
        given[which][(1, 3) if which == "g" else 3] = nan
        yield made("nan", f"in_{which}", "NaN lost, or spread to other places", given)
    if not is_gradient:
        given = normal()
        given["x"][1, 2], given["x"][2, 3] = np.inf, -np.inf
        yield made("infinity", "in_x", "infinity replaced", given)
        given = normal()
        given["w"][5], given["w"][6] = np.inf, -np.inf
        yield made("infinity", "in_w", "infinity replaced", given)
    tiny = normal()
    tiny["x"][0], tiny["x"][1] = array(tiny["x"][0] * float(info.smallest_normal) / 4), 0
    yield made("subnormal", "inputs", "subnormal numbers flushed to 0", tiny, epsilon=1e-6)
    small, last = normal(), arguments[-1] if is_gradient else arguments[1]
    small[last][:2] = array(small[last][:2] * float(info.smallest_normal) / 2)
    small |= {"b": array(small["b"] * 0)} if "b" in small else {}
    yield made("subnormal", "results", "subnormal results flushed to 0", small)
    yield made("empty", "no_rows", "a batch of 0 fails", normal(rng, 0, 7))
    yield made("layout", "three_axes", "memory order taken for granted", normal(rng, 2, 3, 5))
