"""Right code before the sharp bounds of long sums: `python benchmarks/long_sums.py` writes results/long_sums.md.

Ten right kernels of x @ w go through `assert_gauged`, in a million outputs. The rewrites of the tests compute long
rows of which few terms are not neutral, at random places.
"""

import contextlib
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from right import KERNELS, rewrites

from gaugeblock import spec
from gaugeblock.conformance import assert_gauged
from gaugeblock.conformance.cases import few_terms, plan
from gaugeblock.conformance.cases.build import Builder, builders
from gaugeblock.conformance.judging.made_expectations import expected, spread
from gaugeblock.conformance.judging.oracle import ratios

# Terms, rows and columns.
SHAPES = (64, 512, 64), (257, 128, 32), (1024, 64, 8)
DATA = "normal", "random", "standard_cauchy"
SEEDS, ROWS, LENGTH = 10, 100, 1024
RESULTS = Path(__file__).parent / "results" / "long_sums.md"


def kernels() -> Iterator[str]:
    """The largest ratio of each way to judge, over all data and seeds."""
    outputs, worst, rejected = 0, {name: dict[str, float]() for name in KERNELS}, 0
    for length, rows, columns in SHAPES:
        for draw in DATA:
            for name, kernel in KERNELS.items():
                rng = np.random.default_rng([length, DATA.index(draw)])
                shapes = (rows, length), (length, columns), (columns,)
                x, w, b = (np.asarray(getattr(rng, draw)(size=shape), np.float32) for shape in shapes)
                try:
                    found = assert_gauged(lambda x, w, b, kernel=kernel: kernel(x, w) + b, "dense", x, w, b)
                except AssertionError as error:
                    rejected += 1
                    print(name, length, draw, error, file=sys.stderr)
                    continue
                found = {way.partition(f" of {length}")[0]: ratio for way, ratio in found.items()}
                worst[name] = {way: max(ratio, worst[name].get(way, 0.0)) for way, ratio in found.items()}
                outputs += rows * columns
    ways = list(next(iter(worst.values())))
    yield f"Kernels rejected: {rejected}, of {outputs:,} outputs of ten right kernels, each in about 55 calls.\n"
    yield f"| largest ratio | {' | '.join(f'{w} of K' if w.isdigit() else w for w in ways)} |"
    yield f"|---|{'---|' * len(ways)}"
    for name, found in worst.items():
        yield f"| {name} | {' | '.join(f'{found[way]:.3f}' for way in ways)} |"


def sparse(builder: Builder, seed: int) -> Iterator[few_terms.Made]:
    """The made cases of few terms, at other places and with other numbers for each seed."""

    def random(*key: Any) -> np.random.Generator:
        return np.random.default_rng([seed, zlib.crc32(repr(key).encode())])

    builder.random = random  # type: ignore[method-assign]
    yield from few_terms.cases(builder)


def sums_of_few() -> Iterator[str]:
    """The rewrites of every formula that sums, on rows of few terms."""
    plan.FEW = tuple((active, ROWS, (LENGTH,)) for active in dict.fromkeys(active for active, *_ in plan.FEW))
    yield "| formula | dtype | rewrites | rows judged by each | rejected | largest ratio |"
    yield "|---|---|---|---|---|---|"
    for formula in (each for each in spec.formulas() if f"{each}.few" in spec.requirements(each)):
        for dtype in map(np.dtype, ("float32", "float64")):
            calls, found, rows = rewrites(formula), dict[str, float](), 0
            for builder in builders(formula, dtype):
                own = {name: call for name, call in calls.items() if name.partition("__")[0] == builder.formula.name}
                for seed in range(SEEDS):
                    for made in sparse(builder, seed):
                        known = expected(made.compact, dtype)
                        if known is None:
                            continue
                        rows += ROWS
                        case, wanted = made.whole(), {name: spread(made, name, each) for name, each in known.items()}
                        for name, call in own.items():
                            results = builder.formula.named(call(*case.arguments, **case.options))
                            ratio = max(float(ratios(np.asarray(results[n]), e)[0].max()) for n, e in wanted.items())
                            found[name] = max(found.get(name, 0.0), ratio)
            rejected = [name for name, ratio in found.items() if ratio > 1]
            print(formula, dtype, rejected, f"{time.process_time():.0f} s", file=sys.stderr)
            most = max(found.values(), default=0.0)
            yield f"| {formula} | {dtype} | {len(found)} | {rows} | {len(rejected)} | {most:.3f} |"


if __name__ == "__main__":
    with np.errstate(all="ignore"), contextlib.redirect_stdout(sys.stderr):
        tables = ["\n".join(table()) for table in (kernels, sums_of_few)]
    text = f"""# Long sums: right code

`python benchmarks/long_sums.py`, {time.process_time():.0f} seconds of CPU. The largest ratios; 1 is the limit.

{tables[0]}

The rewrites of the tests, on rows of {LENGTH} terms of which few are not neutral, at other places in each row:

{tables[1]}
"""
    RESULTS.write_text(text)
