"""The verdicts of a JSON report as a table for a paper, a page or a spreadsheet."""

import csv
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from ...worker.text import plain
from .compare import read, verdict_of
from .report import BESIDE

SPECIAL = str.maketrans({each: f"\\{each}" for each in "#$%&_{}"} | {"\\": "/", "~": "-", "^": "-"})


class Cell(NamedTuple):
    """The verdict on a formula in one dtype."""

    subject: str
    formula: str
    dtype: str
    verdict: str  # 'conforms', 'conforms in part' or 'fails'
    ratio: float
    fails: tuple[str, ...]  # the requirements, without the formula's name
    spec: str  # the version that was judged

    def __str__(self) -> str:
        return f"{self.verdict} ({self.ratio:.2g}){': ' if self.fails else ''}{', '.join(self.fails)}"


def load(path: Path) -> list[Cell]:
    """The verdicts in a JSON report; raises as `compare.read`, and ValueError for a report on nothing."""
    if found := read(path, cells_of):
        return found
    raise ValueError(f"{path}: holds no verdict; judge again with --json")


def cells_of(report: dict[str, Any]) -> Iterable[Cell]:
    """The verdicts of one report."""
    known = [(*verdict_of(report, result), str(result["reason"])) for result in report["results"]]
    offered = {key[1] for key, verdict, _ in known if verdict.status in ("pass", "fail")}
    partial = {
        key[1]
        for key, verdict, reason in known
        if key[1] in offered and verdict.status != "fail" and reason and not key[3].endswith(BESIDE)
    }
    for subject, formula, dtype in dict.fromkeys(key[:3] for key, _, _ in known):
        own = {key[3]: verdict for key, verdict, _ in known if key[1:3] == (formula, dtype)}
        if all(verdict.status not in ("pass", "fail") for verdict in own.values()):
            continue
        fails = tuple(label.partition(".")[2] for label, verdict in own.items() if verdict.status == "fail")
        word = "fails" if fails else "conforms in part" if formula in partial else "conforms"
        ratio = max(verdict.ratio for verdict in own.values())
        yield Cell(subject, formula, dtype, word, ratio, fails, plain(str(report["spec"]), 20))


def grid(cells: list[Cell]) -> list[list[str]]:
    """A row for each subject and formula under a head, and a column for each dtype."""
    dtypes = list(dict.fromkeys(cell.dtype for cell in cells))
    known = {(cell.subject, cell.formula, cell.dtype): str(cell) for cell in cells}
    rows = dict.fromkeys((cell.subject, cell.formula) for cell in cells)
    return [
        ["subject", "formula", *dtypes],
        *([*row, *(known.get((*row, each), "") for each in dtypes)] for row in rows),
    ]


def note(cells: list[Cell]) -> str:
    """What the numbers are, and the version that was judged."""
    versions = " and ".join(dict.fromkeys(cell.spec for cell in cells))
    return f"gaugeblock, specification {versions}; in parentheses the largest error / bound"


def to_markdown(cells: list[Cell]) -> str:
    """A table of Markdown, with a line below it."""
    head, *rows = ([each.replace("|", "\\|") for each in row] for row in grid(cells))
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    return "\n".join([*lines, "", f"{note(cells)}."]) + "\n"


def to_latex(cells: list[Cell]) -> str:
    """A ``tabular`` that needs no package, below a comment."""
    head, *rows = (" & ".join(each.translate(SPECIAL) for each in row) + r" \\" for row in grid(cells))
    start = rf"\begin{{tabular}}{{{'l' * len(grid(cells)[0])}}}"
    lines = [f"% {note(cells)}", start, r"\hline", head, r"\hline", *rows, r"\hline", r"\end{tabular}"]
    return "\n".join(lines) + "\n"


def to_csv(cells: list[Cell]) -> str:
    """A line for each subject, formula and dtype."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Cell._fields)
    writer.writerows((*cell[:5], " ".join(cell.fails), cell.spec) for cell in cells)
    return text.getvalue()


FORMATS: dict[str, Callable[[list[Cell]], str]] = {"markdown": to_markdown, "latex": to_latex, "csv": to_csv}
