"""How the cost grows: time against size on log axes, beside plain NumPy and the floor."""

import io
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "growth",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "0.85",
    "grid.linewidth": 0.5,
}
LINES = {  # by the beginning of a contender's name
    "floor": {"color": "0.5", "linestyle": "--"},
    "naive": {"color": "0.2", "marker": "s"},
    "gaugeblock.numpy": {"color": "C0", "marker": "o"},
    "gaugeblock.torch": {"color": "C3", "marker": "^"},
    "gaugeblock.jax": {"color": "C2", "marker": "v"},
    "gaugeblock.strict": {"color": "C4", "marker": "D"},
}
ACROSS = 3


def growth(measurements: list[dict[str, Any]]) -> str:
    """An SVG with a panel for each formula, and a line for each backend, plain NumPy and the floor."""
    panels: dict[str, list[dict[str, Any]]] = {}
    for each in measurements:
        if each["contenders"] and each["tensors"] == each["cores"] == 1:
            panels.setdefault(each["formula"], []).append(each)
    down = max(1, -(-len(panels) // ACROSS))
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(9, 0.6 + 2.4 * down), layout="constrained")
        grid = figure.subplots(down, max(1, min(ACROSS, len(panels))), sharex=True, squeeze=False)
        labels: dict[str, Any] = {}
        for axes, (formula, points) in zip(grid.flat, panels.items(), strict=False):
            for name, line in lines(points).items():
                style = next(style for start, style in LINES.items() if name.startswith(start))
                (labels[name],) = axes.loglog(*zip(*line, strict=True), markersize=3, linewidth=1, **style)
            axes.set_title(formula, fontsize=8)
            axes.grid()
            axes.xaxis.set_minor_locator(NullLocator())
            axes.yaxis.set_minor_locator(NullLocator())
        for axes in list(grid.flat)[len(panels) :]:
            axes.set_visible(False)
        figure.supxlabel("elements")
        figure.supylabel("seconds of a call, in float32")
        figure.legend(labels.values(), labels, loc="outside upper center", ncols=len(labels), frameon=False)
        figure.savefig(out := io.StringIO(), format="svg", metadata={"Date": None})
    return out.getvalue()


def lines(points: list[dict[str, Any]]) -> dict[str, list[tuple[int, float]]]:
    """The size and the fastest time of each contender that has a line; Adam's in place where it can be."""
    found: dict[str, list[tuple[int, float]]] = {}
    for point in sorted(points, key=lambda point: point["elements"]):
        fastest = {each["name"]: min(each["seconds"]) for each in point["contenders"]}
        for name, seconds in fastest.items():
            if name.startswith(tuple(LINES)) and f"{name}, donated" not in fastest:
                found.setdefault(name.removesuffix(", donated"), []).append((point["elements"], seconds))
    return found
