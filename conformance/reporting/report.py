"""The report: what was judged, and how it came out."""

import json
import platform
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ... import __version__, spec
from .citation import citation, judge_sha256
from .results import Result, count_cases, result_to_dict

SCHEMA_VERSION = 5
BESIDE = (".layout", ".donate")  # what a subject need not have to conform in whole


@dataclass(eq=False, repr=False)
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
    near : dict of str
        Names of the subject's that are nearly those of functions which it lacks, with these.
    places : dict of str
        The file and line of each of its functions, where they are known.
    foreign : collection of str
        The formulas that are not gaugeblock's own, whatever their names: nothing is claimed of them.
    command : sequence of str
        A program's words, empty of other subjects.
    known : dict of str
        The requirements that are known to fail, by label, with the reason. The verdict is the same.
    """

    subject: str
    device: str
    seed: int
    subnormals: str
    precision: str
    versions: dict[str, str]
    results: list[Result]
    dtypes: tuple[str, ...] = ()
    version: str = spec.VERSION
    layouts: bool = True
    unverified: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    judged_in: str = ""
    rounding: str = "nearest"
    near: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    foreign: Collection[str] = ()
    command: Sequence[str] = ()
    known: dict[str, str] = field(default_factory=dict)

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
        complete = [formula for formula in self.complete if formula in spec.formulas() and formula not in self.foreign]
        if not complete:
            return ""
        results = [r for r in self.results if r.formula in complete]
        conditions = [", ".join(dict.fromkeys(r.dtype for r in results)), *self.declared]
        conditions += [] if self.layouts else ["memory layouts do not apply"]
        conditions += (
            [] if all(self.applies(r) for r in results if r.requirement.endswith(".donate")) else ["no donate"]
        )
        met = [spec.requirement(label) for label in dict.fromkeys(r.requirement for r in results if r.status == "pass")]
        conditions += [f"{each.label} as of {each.changed}" for each in met if each.changed_after(self.version)]
        return f"conforms to gaugeblock spec {self.version}: {', '.join(complete)} ({'; '.join(conditions)})"

    @property
    def declared(self) -> list[str]:
        """What the subject says of itself, where that changes its bounds."""
        products = [] if self.precision == "full" else [words_of(self.precision)]
        sums = [] if self.rounding == "nearest" else ["sums truncated"]
        return products + sums + ([] if self.subnormals == "gradual" else ["subnormals flushed"])

    @property
    def not_judged(self) -> list[str]:
        """The dtypes that the subject has and the specification speaks of, in which it was not judged."""
        judged = {result.dtype for result in self.results}
        return [dtype for dtype in self.dtypes if dtype in spec.dtypes(self.version) and dtype not in judged]

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
            "declared": self.declared,
            "seed": self.seed,
            "versions": {"python": platform.python_version(), **self.versions},
            "machine": platform.machine(),
            "judged_in": self.judged_in,
            "judge_sha256": judge_sha256(),
            "passed": self.passed,
            "verdict": self.verdict,
            "complete": self.complete,
            "partial": self.partial,
            "claim": self.claim,
            "unverified": list(self.unverified),
            "notes": list(self.notes),
            "not_judged": self.not_judged,
            "near": self.near,
            "places": self.places,
            "command": [*self.command],
            "known": self.known,
            "results": [result_to_dict(result) for result in self.results],
        }


def to_document(reports: Iterable[Report], command: str = "", errors: Iterable[str] = ()) -> dict[str, Any]:
    """A run as JSON has it: its reports, the command, and what is wrong with the subjects that could not be judged."""
    listed = list(reports)
    judged = listed[0].version if listed else spec.VERSION  # one for all reports of a run
    return {
        "command": command,
        "errors": list(errors),
        "reports": [report.to_dict() for report in listed],
        "citation": citation(specification=judged),
    }


def to_json(document: dict[str, Any]) -> str:
    """A run as text."""
    return json.dumps(document, indent=1) + "\n"


def words_of(precision: str) -> str:
    """What a subject says of its products, in words: half precision has the units, and no classes."""
    name, cut, unit = precision.partition(" cut ")
    products = [] if name == "full" else [f"float32 products in {name}"]
    return ", ".join(products + ([f"sums of products{cut}{unit}"] if cut else []))
