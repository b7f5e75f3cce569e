"""The worked example of docs/tolerance.md: `python examples/tolerance.py` writes its table and draws its picture.

Softmax of three logits in float32, one operation after another, on each kind of arrays.
"""

import io
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from gaugeblock.conformance.arithmetic import bounded, bounded_functions, exact
from gaugeblock.conformance.arithmetic.rounding import MODELS

PAGE, PICTURE = (Path(__file__).parent.parent / "docs" / name for name in ("tolerance.md", "tolerance.svg"))
START, END = "<!-- steps: python examples/tolerance.py -->\n", "<!-- end of steps -->\n"
HEAD = (
    "| operation | real value | propagated | added here | bound | NumPy's error | error / bound |\n"
    + "|---" * 7
    + "|\n"
)

FLOAT32, DTYPE = MODELS["float32"], np.dtype("float32")
LOGITS = np.array([0.1, 2.3, -1.7], DTYPE)
# As in `gaugeblock.reference.softmax`; each is given the namespace, the logits and the results before it.
OPERATIONS = {
    "d = x - max x": lambda xp, x: x - xp.max(x, axis=-1, keepdims=True),
    "e = exp d": lambda xp, x, d: xp.exp(d),
    "s = sum e": lambda xp, x, d, e: xp.sum(e, axis=-1, keepdims=True),
    "y = e / s": lambda xp, x, d, e, s: e / s,
}


def results(xp: Any, x: Any) -> list[Any]:
    """The logits, and the result of each operation, in the arrays of a namespace."""
    found = [x]
    for operation in OPERATIONS.values():
        found.append(operation(xp, *found))
    return found


def rows() -> list[tuple[str, float, float, float, float, float]]:
    """Of each element: its name, real value, what its bound inherits and adds, the bound, and NumPy's error."""
    running = results(bounded_functions, bounded.lift(LOGITS, FLOAT32, DTYPE))
    with exact.working_precision():
        real = [each.balls for each in results(exact, exact.lift(LOGITS, DTYPE))]
        errors = [np.abs(a - b).astype(float) for a, b in zip(real, exactly(results(np, LOGITS)), strict=True)]
    found = []
    without_rounding = FLOAT32._replace(precision=1000)
    for number, (name, operation) in enumerate(OPERATIONS.items(), 1):
        before = [bounded.Bounded(each.value, each.error, without_rounding, DTYPE) for each in running[:number]]
        inherited = operation(bounded_functions, *before).error
        bound = running[number].error
        for index in np.ndindex(bound.shape):
            place = name if bound.size == 1 else f"{name[0]}{index[0] + 1}{name[1:]}"
            parts = inherited[index], bound[index] - inherited[index], bound[index], errors[number][index]
            found.append((place, float(real[number][index]), *map(float, parts)))
    return found


def exactly(arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Floating-point numbers as the real numbers that they are."""
    return [exact.lift(array, DTYPE).balls for array in arrays]


def table() -> str:
    """The rows in Markdown."""
    lines = []
    for name, value, inherited, own, bound, error in rows():
        ratio = f"{error / bound:.2g}" if bound else "exact"
        parts = " | ".join(f"{part:.2e}" if part > 1e-20 else "0" for part in (inherited, own, bound, error))
        lines.append(f"| `{name}` | {value:.6g} | {parts} | {ratio} |\n")
    return HEAD + "".join(lines)


def picture(table: str) -> str:
    """A table drawn: the two parts of each bound as a bar, and NumPy's error as a line across it."""
    cells = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    names, inherited, own, errors = [c[0] for c in cells], *([float(c[k]) * 1e7 for c in cells] for k in (2, 3, 5))
    style: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "gaugeblock", "font.family": "sans-serif"}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(8, 4), layout="constrained")
        axes = figure.subplots()
        places = range(len(names))
        axes.bar(places, inherited, 0.7, label="bound: propagated from the operations before", color="#9ecae1")
        axes.bar(places, own, 0.7, inherited, label="bound: added by this operation's rounding", color="#2171b5")
        axes.hlines(errors, [p - 0.45 for p in places], [p + 0.45 for p in places], "#d94801", label="NumPy's error")
        axes.set_xticks(places, [name.split()[0] for name in names])
        axes.set_ylabel("absolute error, in units of 1e-7")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="upper left")
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


if __name__ == "__main__":
    before, rest = PAGE.read_text().split(START)
    found = table()
    PAGE.write_text(f"{before}{START}\n{found}\n{END}{rest.split(END)[1]}")
    PICTURE.write_text(picture(found))
