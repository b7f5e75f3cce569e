"""The report: what was judged, and how it came out."""

import json
import platform
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ... import __version__, spec
from ..formulas.requirements import name_of, requirements
from ..judging.judge import Finding, NotOffered
from .citation import citation, judge_sha256
from .worst import Worst, number, worst_of

SCHEMA_VERSION = 4
HERE = "the judge's own process"
BESIDE = (".layout", ".donate")  # what a subject need not have to conform in whole
COLOURS = {"conforms": "green", "conforms in part": "yellow", "does not conform": "red"}


class Result(NamedTuple):
    """The verdict on one requirement of a formula in one dtype."""

    formula: str
    dtype: str
    requirement: str
    status: str  # 'pass', 'fail' or 'not offered'
    cases: frozenset[str]  # the ids of those that were judged
    measured: dict[str, tuple[float, float]]  # the ratio and ulp of those whose numbers were compared, by id
    ratio: float  # the worst error / bound; infinite where a result is wrong in kind
    ulp: float  # the worst error in units of the last place
    worst: Worst | None  # the element with that ratio, or the first failure
    diagnosis: str | None  # the known mistake or rival that it most likely is
    reason: str  # why it was not offered
    text: str = ""  # the requirement in words


class Report:
    """All results of one subject.

    Attributes
    ----------
    subject, device : str
    results : list of Result
    seed : int
    versions : dict of str
        Of what computed.
    dtypes : tuple of str
        All that the subject has, whether it was judged in them or not.
    version : str
        Of the specification.
    layouts : bool
        Whether its library has memory layouts; one without them is not asked for any.
    unverified : tuple of str
        The formulas of which there is no second definition, so that nothing tells whether the formula itself is right.
    notes : tuple of str
        What was seen that fails no requirement, such as other bits from equal calls.
    judged_in : str
        The process in which it was called: a process of its own, or that of the judge. Empty if it was not called.
    """

    def __init__(
        self,
        subject: str,
        device: str,
        seed: int,
        subnormals: str,
        precision: str,
        versions: dict[str, str],
        results: list[Result],
        dtypes: tuple[str, ...] = (),
        version: str = spec.VERSION,
        layouts: bool = True,
        unverified: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
        judged_in: str = "",
        rounding: str = "nearest",
    ) -> None:
        self.subject, self.device, self.seed = subject, device, seed
        self.subnormals, self.precision, self.rounding = subnormals, precision, rounding
        self.versions, self.results, self.dtypes = versions, results, dtypes
        self.version, self.layouts, self.unverified, self.notes = version, layouts, unverified, notes
        self.judged_in = judged_in

    @property
    def judged(self) -> int:
        """How many cases were judged, each counted once for a dtype."""
        return count_cases(self.results)

    @property
    def passed(self) -> bool:
        """Whether the subject conforms.

        Raises
        ------
        ValueError
            If nothing was judged.
        """
        if not self.judged:
            raise ValueError(f"{self.subject}: no case was judged; the subject offers none of what was asked for")
        return all(result.status != "fail" for result in self.results)

    @property
    def complete(self) -> list[str]:
        """The formulas of which each requirement was judged, in whole, and met, in every dtype that was judged."""
        lacking = {r.formula for r in self.results if (r.status != "pass" or r.reason) and self.applies(r)}
        return [formula for formula in dict.fromkeys(r.formula for r in self.results) if formula not in lacking]

    @property
    def partial(self) -> dict[str, list[str]]:
        """The formulas that were offered, but of which a requirement was declined or not asked, with these."""
        offered = {r.formula for r in self.results if r.status != "not offered"}
        lacking: dict[str, list[str]] = {}
        for r in self.results:
            declined = r.status != "fail" and r.reason and not r.requirement.endswith(BESIDE)
            part = r.requirement.partition(".")[2]
            if declined and r.formula in offered and part not in lacking.setdefault(r.formula, []):
                lacking[r.formula].append(part)
        return lacking

    @property
    def verdict(self) -> str:
        """What the report comes to, in words."""
        if not self.passed:
            return "does not conform"
        return "conforms in part" if self.partial else "conforms"

    def applies(self, result: Result) -> bool:
        """Whether the subject has what a requirement is about: memory layouts, or arrays that it takes for good."""
        if result.requirement.endswith(".layout"):
            return self.layouts
        if result.requirement.endswith(".lean"):  # asked of one that declares no numerics of its own
            return self.precision == "full" and self.rounding == "nearest"
        return not result.requirement.endswith(".donate") or result.status != "not offered"

    @property
    def claim(self) -> str:
        """What may be said of the subject: the version of the specification and its complete formulas, or nothing."""
        complete = [formula for formula in self.complete if formula in spec.formulas()]
        if not complete:
            return ""
        results = [r for r in self.results if r.formula in complete]
        conditions = [", ".join(dict.fromkeys(r.dtype for r in results)), *declared(self)]
        conditions += [] if self.layouts else ["memory layouts do not apply"]
        conditions += (
            [] if all(self.applies(r) for r in results if r.requirement.endswith(".donate")) else ["no donate"]
        )
        met = [spec.requirement(label) for label in dict.fromkeys(r.requirement for r in results if r.status == "pass")]
        conditions += [f"{each.label} as of {each.changed}" for each in met if each.changed_after(self.version)]
        return f"conforms to gaugeblock spec {self.version}: {', '.join(complete)} ({'; '.join(conditions)})"

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it; ``report.schema.json`` beside this module describes it."""
        return {
            "schema": SCHEMA_VERSION,
            "spec": self.version,
            "gaugeblock": __version__,
            "subject": self.subject,
            "device": self.device,
            "subnormals": self.subnormals,
            "precision": self.precision,
            "seed": self.seed,
            "versions": {"python": platform.python_version(), **self.versions},
            "machine": platform.machine(),
            "judged_in": self.judged_in,
            "judge_sha256": judge_sha256(),
            "passed": self.passed,
            "verdict": self.verdict,
            "complete": self.complete,
            "claim": self.claim,
            "unverified": list(self.unverified),
            "notes": list(self.notes),
            "results": [result_to_dict(result) for result in self.results],
        }


def results_of(
    formula: str | Callable[..., Any],
    dtype: str,
    findings: Iterable[Finding | NotOffered],
    diagnoses: dict[str, str],
    version: str = spec.VERSION,
) -> list[Result]:
    """One result for each requirement of a version that a subject can be judged by, in the order of the page."""
    found, name = list(findings), name_of(formula)
    results = []
    for label, requirement in requirements(formula, version).items():
        if requirement.own:
            continue
        judged = [f for f in found if isinstance(f, Finding) and f.requirement == label]
        declined = [f.reason for f in found if isinstance(f, NotOffered) and f.requirement == label]
        if not judged and not declined and found and not isinstance(formula, str):
            continue  # no case of a formula without a page asks it
        if not judged:
            missing = "no result to ask it of" if found else "the subject has no function that this is asked of"
            reason = declined[0] if declined else missing
            none: frozenset[str] = frozenset()
            empty = Result(name, dtype, label, "not offered", none, {}, 0.0, 0.0, None, None, reason, requirement.text)
            results.append(empty)
            continue
        worst = max(judged, key=lambda f: (not f.passed, f.place is not None, f.ratio))
        measured: dict[str, tuple[float, float]] = {}
        for f in judged:
            if f.place is not None or f.ratio:
                ratio, ulp = measured.get(f.case.id, (0.0, 0.0))
                measured[f.case.id] = max(ratio, f.ratio), max(ulp, f.ulp)
        results.append(
            Result(
                name,
                dtype,
                label,
                "pass" if all(f.passed for f in judged) else "fail",
                frozenset(f.case.id for f in judged),
                measured,
                max(f.ratio for f in judged),
                max(f.ulp for f in judged),
                worst_of(worst) if worst.place is not None or not worst.passed else None,
                None if worst.passed else diagnoses.get(worst.case.function),
                "; ".join(sorted(set(declined))),
                requirement.text,
            )
        )
    return results


def count_cases(results: Iterable[Result]) -> int:
    """How many cases stand behind the results, each counted once for a dtype."""
    return len({(result.dtype, case) for result in results for case in result.cases})


def result_to_dict(result: Result) -> dict[str, Any]:
    worst = result.worst
    return {
        "formula": result.formula,
        "dtype": result.dtype,
        "requirement": result.requirement,
        "text": result.text,
        "status": result.status,
        "cases": len(result.cases),
        "measured": {case: [number(ratio), number(ulp)] for case, (ratio, ulp) in result.measured.items()},
        "ratio": number(result.ratio),
        "ulp": number(result.ulp),
        "diagnosis": result.diagnosis,
        "reason": (worst.reason if worst else "") or result.reason,  # why it fails, rather than what was declined
        "worst": None if worst is None else worst.to_dict(),
    }


def to_document(reports: Iterable[Report], command: str = "", errors: Iterable[str] = ()) -> dict[str, Any]:
    """A run as JSON has it: its reports, the command, and what is wrong with the subjects that could not be judged."""
    return {
        "command": command,
        "errors": list(errors),
        "reports": [report.to_dict() for report in reports],
        "citation": citation(),
    }


def to_json(document: dict[str, Any]) -> str:
    """A run as text."""
    return json.dumps(document, indent=1) + "\n"


def print_report(report: Report, console: Console) -> None:
    """Print the verdict: a table of formula x dtype, each requirement that fails, and what may be claimed."""
    console.print(summary(report))
    failures: dict[str, list[Result]] = {}
    for result in report.results:
        if result.status == "fail":
            failures.setdefault(result.requirement, []).append(result)
    for results in failures.values():
        for line in failure(results):
            console.print(line, soft_wrap=True)
    for line in diagnoses(report):
        console.print(line, soft_wrap=True)
    missing = not_offered(report)
    if missing:
        console.print(Text(f"not offered: {missing}", style="dim"), soft_wrap=True)
    judged = {result.dtype for result in report.results}
    left = [dtype for dtype in report.dtypes if dtype in spec.dtypes(report.version) and dtype not in judged]
    if left:
        options = " ".join(f"--dtype {dtype}" for dtype in left)
        console.print(Text(f"not judged: {', '.join(left)} ({options} does)", style="dim"), soft_wrap=True)
    if report.judged_in == HERE:
        console.print(Text(f"judged in {HERE}, which a subject can change", style="dim"), soft_wrap=True)
    for formula, lacking in report.partial.items():
        console.print(Text(f"in part: {formula} (without {', '.join(lacking)})", style="yellow"), soft_wrap=True)
    for note in report.notes:
        console.print(Text(f"note: {note}"), soft_wrap=True)
    if report.unverified:
        names = ", ".join(report.unverified)
        console.print(Text(f"unverified: {names} (no second definition says that the formula itself is right)"))
    verdict = Text(report.verdict, style=f"bold {COLOURS[report.verdict]}")
    requirements = [r for r in report.results if r.status != "not offered"]
    failed = sum(r.status == "fail" for r in requirements)
    count = f": {failed} of {len(requirements)} requirements fail" if failed else ""
    console.print(Text.assemble((report.subject, "bold"), " ", verdict, count), soft_wrap=True)
    if report.claim:
        console.print(Text(report.claim), soft_wrap=True)


def declared(report: Report) -> list[str]:
    """What the subject says of itself, where that changes its bounds."""
    products = [] if report.precision == "full" else [words_of(report.precision)]
    sums = [] if report.rounding == "nearest" else ["sums truncated"]
    return products + sums + ([] if report.subnormals == "gradual" else ["subnormals flushed"])


def words_of(precision: str) -> str:
    """What a subject says of its products, in words: half precision has the units, and no classes."""
    name, cut, unit = precision.partition(" cut ")
    return ", ".join(
        ([] if name == "full" else [f"float32 products in {name}"]) + ([f"sums of products{cut}{unit}"] if cut else [])
    )


def summary(report: Report) -> Table:
    """The table of formula x dtype."""
    where = f"{report.subject} on {report.device}" if report.device else report.subject
    version = [] if report.version == spec.VERSION else [f"specification {report.version}"]
    table = Table(title=", ".join([where, *version, *declared(report)]), title_justify="left", title_style="bold")
    table.add_column("formula", no_wrap=True)
    table.add_column("dtype", no_wrap=True)
    for name in ("error / bound", "error in ulp", "cases"):
        table.add_column(name, justify="right")
    table.add_column("verdict")
    for formula, dtype in dict.fromkeys((r.formula, r.dtype) for r in report.results):
        results = [r for r in report.results if (r.formula, r.dtype) == (formula, dtype)]
        if all(r.status == "not offered" for r in results):
            continue
        failed = [r.requirement.partition(".")[2] for r in results if r.status == "fail"]
        word = "conforms in part" if formula in report.partial else "conforms"
        verdict = Text("fails: " + ", ".join(failed), style="red") if failed else Text(word, style=COLOURS[word])
        ratio, ulp = max(r.ratio for r in results), max(r.ulp for r in results)
        table.add_row(formula, dtype, f"{ratio:.3g}", f"{ulp:.3g}", str(count_cases(results)), verdict)
    return table


def failure(results: list[Result]) -> list[Text]:
    """A failing requirement: its sentence, the worst input and output, and the error as a multiple of the bound."""
    result, dtypes = results[0], " and ".join(r.dtype for r in results)
    head = Text.assemble(("FAIL ", "bold red"), (result.requirement, "bold"), f" in {dtypes}")
    lines = [head, Text(f"  {result.text}", style="italic")]
    worst = result.worst
    if worst is not None:
        lines.append(Text(f"  case      {worst.case} (it catches: {worst.note})"))
        if worst.place is not None:
            lines.append(Text(f"  input     {', '.join(f'{name} = {value}' for name, value in worst.inputs.items())}"))
            name, space, when = worst.output.partition(" ")  # such as: theta after 10 steps
            place = f"{name}{list(worst.place) if worst.place else ''}{space}{when}"
            lines.append(Text(f"  output    {place} = {worst.got:.9g}  ({worst.got.hex()})"))
            exactly = worst.bound == 0
            within = "exactly" if exactly else f"within {worst.bound:.3g}"
            multiple = "" if exactly else f"{worst.ratio:.3g} times the bound, "
            lines.append(Text(f"  expected  {worst.expected:.17g} {within}"))
            lines.append(Text(f"  error     {multiple}{worst.ulp:.3g} ulp"))
            lines += [Text(f"  {worst.resolution}")] if worst.resolution else []
        if worst.reason:
            lines.append(Text(f"  reason    {worst.reason}"))
    return lines


def diagnoses(report: Report) -> list[Text]:
    """What each failing formula most likely is."""
    found: dict[tuple[str, str], list[str]] = {}
    for result in report.results:
        if result.diagnosis and result.worst:
            dtypes = found.setdefault((result.worst.function, result.diagnosis), [])
            dtypes += [result.dtype] if result.dtype not in dtypes else []
    return [
        Text.assemble(("MOST LIKELY ", "bold yellow"), (function, "bold"), f" in {' and '.join(dtypes)}: {words}")
        for (function, words), dtypes in found.items()
    ]


def not_offered(report: Report) -> str:
    """What the subject does not offer, with the reason, in one line."""
    reasons: dict[str, list[str]] = {}
    whole: dict[str, list[Result]] = {}
    for result in report.results:
        whole.setdefault(result.formula, []).append(result)
    for formula, results in whole.items():
        if all(r.status == "not offered" for r in results):
            reasons.setdefault(results[0].reason, []).append(formula)
            continue
        for r in results:
            label = r.requirement if r.status == "not offered" else f"{r.requirement} in part"
            if r.status != "fail" and r.reason and label not in reasons.setdefault(r.reason, []):
                reasons[r.reason].append(label)
    return "; ".join(f"{', '.join(names)} ({reason})" for reason, names in reasons.items())
