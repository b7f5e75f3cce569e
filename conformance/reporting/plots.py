"""The plots of an HTML report: error / bound over the cases, and a histogram of the errors in ulp, as inline SVG."""

import html
import io
import re
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

# A series is told by its sign as well as by its colour; the page has the same in its legend.
MARKERS = dict(zip("●■▲▼◆✚✖★◀▶⬟⬢", "os^vDPX*<>ph", strict=True))
SIGNS = tuple(MARKERS)
COLOURS = 8  # of the style sheet

# Stand-ins, which become variables of the style sheet, so that a plot follows the colour scheme of the page.
INK, LINE, LIMIT = "#fe01fe", "#fe02fe", "#fe03fe"
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": LINE,
    "grid.color": LINE,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}

# What makes of a file an element of a page, and shortens it to a third.
SHORTER = {
    r'^.*?<svg[^>]*(viewBox="[^"]*")[^>]*': r"<svg \1",
    r"<metadata>.*?</metadata>|<style.*?</style>": "",
    r' id="[a-z0-9.]+_\d+"': "",
    r' transform="rotate\(-0[^"]*"': "",
    r"font-family: [^;]*; ": "",
    r'<g>(\s*<use [^>]*) style="(fill: #\w+)"': r'<g style="\2">\1',
    r'(<use [^>]*) style="[^"]*"': r"\1",
    "xlink:href": "href",
    r"(\.\d\d)\d+": r"\1",
    r"\s+": " ",
    "> <": "><",
    INK: "currentColor",
    LINE: "var(--line)",
    LIMIT: "var(--bad)",
    r"#fe00(\d\d)": r"var(--series-\1)",
}


class Series(NamedTuple):
    """What one subject did in one dtype: for each case the requirement, the ratio and the error in ulp."""

    name: str
    number: int
    points: list[tuple[str, float, float]]

    @property
    def sign(self) -> str:
        return SIGNS[self.number % len(SIGNS)]

    @property
    def colour(self) -> str:
        """Of the style sheet."""
        return f"var(--series-0{self.number % COLOURS})"

    @property
    def stand_in(self) -> str:
        return f"#fe000{self.number % COLOURS}"


def ratio_plot(series: list[Series], requirements: list[str], title: str) -> str:
    """Error / bound of every case, one row for each requirement; beyond 1 the axis is logarithmic."""
    finite = [ratio for each in series for _, ratio, _ in each.points if np.isfinite(ratio)]
    largest = max(finite, default=0.0)
    fails = any(ratio > 1 for each in series for _, ratio, _ in each.points)
    edge = 10.0 * max(largest, 10.0)  # where infinity is drawn
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": title}):
        figure = Figure(figsize=(4.8, 1.1 + (0.2 + 0.035 * len(series)) * len(requirements)), layout="constrained")
        axes = figure.subplots()
        for place, each in enumerate(series):
            shift = 0.7 * ((place + 0.5) / len(series) - 0.5)
            # Points that fall on one another are drawn once.
            points = {(requirements.index(label) + shift, float(f"{ratio:.3g}")) for label, ratio, _ in each.points}
            y, x = zip(*sorted(points), strict=True)
            (marks,) = axes.plot(np.minimum(x, edge), y, MARKERS[each.sign], color=each.stand_in, clip_on=False)
            marks.set(markersize=3.5, markeredgewidth=0)
        axes.axvline(1, color=LIMIT, linewidth=1.2)
        axes.set_yticks(range(len(requirements)), [label.partition(".")[2] for label in requirements])
        axes.set_ylim(len(requirements) - 0.5, -0.5)
        axes.grid(axis="y", linewidth=0.5)
        axes.set_axisbelow(True)
        axes.tick_params(length=0)
        if fails:
            axes.set_xscale("symlog", linthresh=1, linscale=0.5 * np.log10(edge))
            middle = 10.0 ** round(np.log10(edge) / 2)
            axes.set_xticks([0, 0.5, 1, middle, edge], ["0", "0.5", "1", f"{middle:g}", "∞"])
            axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlim(0, edge if fails else 1.04)
        axes.set_xlabel("error / bound (at most 1 conforms)")
        return svg(figure, title)


EDGES = [0, 0.5, 1, 2, 4, 16, 64, 1024, np.inf]


def ulp_histogram(series: list[Series], title: str) -> str:
    """How many cases have their worst error between these powers of two, in units of the last place."""
    names = ["0", "0.5", "1", "2", "4", "16", "64", "1024", "more"]
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": title}):
        figure = Figure(figsize=(4.8, 3), layout="constrained")
        axes = figure.subplots()
        for place, each in enumerate(series):
            bins = np.searchsorted(EDGES, [ulp for _, _, ulp in each.points])
            counts = np.bincount(bins, minlength=len(EDGES))
            width = 0.8 / len(series)
            at = np.arange(len(EDGES)) + width * (place + 0.5) - 0.4
            axes.bar(at, counts, width, color=each.stand_in)
        axes.set_xticks(range(len(names)), names)
        axes.tick_params(length=0)
        axes.grid(axis="y", linewidth=0.5)
        axes.set_axisbelow(True)
        axes.set_xlabel("worst error of a case in ulp, at most")
        axes.set_ylabel("cases")
        return svg(figure, title)


def svg(figure: Figure, title: str) -> str:
    """The figure as an element of a page: named, scalable, in the colours of the page, and short."""
    out = io.StringIO()
    figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    text = out.getvalue()
    for pattern, replacement in SHORTER.items():
        text = re.sub(pattern, replacement, text, flags=re.S)
    return text.strip().replace("<svg", f'<svg role="img" aria-label="{html.escape(title)}"', 1)
