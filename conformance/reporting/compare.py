"""What got worse, or better, from one JSON report to another."""

import json
import posixpath
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from rich.text import Text

from ...worker.text import plain
from .formats import error, in_table, limited
from .report import SCHEMA_VERSION
from .worst import number

T = TypeVar("T")

STATUS = "pass", "fail", "not offered"
READABLE = 2, 3, 4, SCHEMA_VERSION  # an older report has all that is compared

Key = tuple[str, str, str, str]  # subject, formula, dtype, requirement


class Verdict(NamedTuple):
    """What a report says of one requirement."""

    status: str
    ratio: float
    place: str = ""  # the file and line of the function that was judged, where they are known

    def __str__(self) -> str:
        return self.status if self.status.startswith("not") else f"{self.status} {self.ratio:.3g}"


MISSING = Verdict("not judged", 0.0)


class Change(NamedTuple):
    """Two verdicts that are not the same."""

    key: Key
    before: Verdict
    after: Verdict

    @property
    def growth(self) -> float:
        """How much the ratio grew."""
        return 0.0 if self.before.ratio == self.after.ratio else self.after.ratio - self.before.ratio

    @property
    def regression(self) -> bool:
        """Whether a requirement fails that did not, or one that was met is met no longer."""
        fails = self.after.status == "fail" and self.before.status != "fail"
        return fails or (self.before.status == "pass" and self.after.status != "pass")

    @property
    def word(self) -> Text:
        """The change in a word."""
        if self.regression:
            return Text("regression", style="bold red")
        if self.before.status != self.after.status:
            if self.after.status != "pass":
                return Text("gone", style="yellow")
            return Text("fixed" if self.before.status == "fail" else "new", style="green")
        return Text("larger", style="yellow") if self.growth > 0 else Text("smaller", style="green")

    def __str__(self) -> str:
        _, _, dtype, requirement = self.key
        return f"{requirement} in {dtype}: {self.before}, now {self.after}"


def load(path: Path) -> dict[Key, Verdict]:
    """The verdicts in a JSON report; raises as `read`."""
    return dict(read(path, lambda report: [verdict_of(report, result) for result in report["results"]]))


def read(path: Path, verdicts: Callable[[dict[str, Any]], Iterable[T]]) -> list[T]:
    """The verdicts of all reports in a JSON file.

    Raises
    ------
    OSError
        A file that cannot be read.
    ValueError
        A file that is no report, is one of another version, or holds none.
    """
    try:
        reports = json.loads(path.read_text(encoding="utf-8"))["reports"]
        versions = {report["schema"] for report in reports}
        if reports and versions <= set(READABLE):
            return [verdict for report in reports for verdict in verdicts(report)]
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError):  # of any JSON
        raise ValueError(f"{path}: is no report; wanted a file that `gaugeblock check --json` wrote") from None
    found = f"reports of version {plain(', '.join(map(str, versions)), 60)}" if versions else "no report"
    wanted = " or ".join(map(str, READABLE))
    raise ValueError(f"{path}: holds {found}; wanted version {wanted}: judge again with --json")


def verdict_of(report: dict[str, Any], result: dict[str, Any]) -> tuple[Key, Verdict]:
    """What a report says of a requirement; TypeError or ValueError for what it cannot say."""
    subject, *key = (report["subject"], *(result[name] for name in ("formula", "dtype", "requirement")))
    if result["status"] not in STATUS or not all(isinstance(each, str) for each in (subject, *key)):
        raise TypeError
    formula, dtype, requirement = (plain(each) for each in key)
    function = (result.get("worst") or {}).get("function", "")
    place = plain(str((report.get("places") or {}).get(function, "")))
    return (plain(subject), formula, dtype, requirement), Verdict(result["status"], float(result["ratio"]), place)


def paired(old: dict[Key, Verdict], new: dict[Key, Verdict]) -> tuple[dict[Key, Verdict], dict[Key, Verdict]]:
    """The verdicts with the subjects of the new report named as those of the old one that they are.

    One is the other if its path ends as the other's does (``k1.py``, ``./k1.py``, ``/home/me/k1.py``), or if neither
    report is on another subject.
    """
    before, after = ([*dict.fromkeys(key[0] for key in some)] for some in (old, new))
    names = {name: [each for each in before if ends_alike(name, each)] for name in after}
    same = {name: found[0] for name, found in names.items() if len(found) == 1}
    same |= {name: name for name in after if name in before}
    if len(before) == len(after) == 1:
        same = {after[0]: before[0]}
    if len({*same.values()}) < len(same):  # two files of one name in several folders
        same = {name: name for name in after}
    return old, {(same.get(key[0], key[0]), *key[1:]): verdict for key, verdict in new.items()}


def ends_alike(name: str, other: str) -> bool:
    """Whether two paths may be those of one file."""
    parts, others = (posixpath.normpath(each.replace("\\", "/")).split("/")[::-1] for each in (name, other))
    return all(one == another for one, another in zip(parts, others, strict=False))


def changes(old: dict[Key, Verdict], new: dict[Key, Verdict]) -> list[Change]:
    """What is not the same to three digits: regressions first, then by how much the ratio grew."""
    found = []
    for key in {**old, **new}:
        before, after = old.get(key, MISSING), new.get(key, MISSING)
        judged = not before.status.startswith("not") or not after.status.startswith("not")
        if judged and str(before) != str(after):
            found.append(Change(key, before, after))
    return sorted(found, key=lambda change: (not change.regression, -change.growth))


def to_document(found: list[Change]) -> dict[str, Any]:
    """The changes as JSON has them."""
    fields = "subject", "formula", "dtype", "requirement"
    listed = [
        {
            **dict(zip(fields, change.key, strict=True)),
            "change": change.word.plain,
            "before": {"status": change.before.status, "ratio": number(change.before.ratio)},
            "after": {"status": change.after.status, "ratio": number(change.after.ratio)},
            "place": change.after.place,
        }
        for change in found
    ]
    return {"changes": listed, "regressions": sum(change.regression for change in found)}


def counted(found: list[Change]) -> str:
    """How many changes there are, in words."""
    return f"{len(found)} changes, {sum(change.regression for change in found)} of them regressions"


def lines(found: list[Change]) -> Iterator[Text]:
    """The changes, one in a line below its subject, which a terminal folds between words."""
    for subject, some in groupby(found, key=lambda change: change.key[0]):
        yield Text(subject, style="bold")
        for change in some:
            yield Text.assemble("  ", change.word, f" {change}")


def annotations(found: list[Change]) -> Iterator[str]:
    """Workflow commands of GitHub Actions: an error for each regression, in the place of its function."""
    worse = [change for change in found if change.regression]
    yield from limited([error(f"{each.key[0]}: regression", str(each), each.after.place) for each in worse])


def to_summary(found: list[Change]) -> str:
    """Markdown for the summary of a run of GitHub Actions: each change in a row."""
    head = ["", "| subject | change | requirement | in | before | after |", "| --- | --- | --- | --- | --- | --- |"]
    rows = [
        f"| {in_table(subject)} | {change.word} | {in_table(requirement)} | {in_table(dtype)} "
        f"| {change.before} | {change.after} |"
        for change in found
        for subject, _, dtype, requirement in [change.key]
    ]
    return "\n".join(["### gaugeblock compare", "", f"{counted(found)}.", *(head + rows if rows else []), ""]) + "\n"
