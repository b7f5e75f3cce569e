"""The specification: for each formula a page (``softmax.md``) and a definition over the reals (``softmax.py``).

A definition is the mathematics as it stands, on scalars; it shares no code with ``gaugeblock.reference``.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from ..names import meant, wanted

# A new one comes with a new requirement, and with a changed requirement, bound or definition: docs/versions.md.
VERSIONS = "1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8"
VERSION = VERSIONS[-1]
DTYPES = {"float16": "1.2", "bfloat16": "1.2", "float32": "1.0", "float64": "1.0"}  # each with its first version

SINCE = re.compile(r"^Since (\S+), unless a requirement names another version\.$", re.M)
REQUIREMENT = re.compile(
    r"^- \*\*(?P<label>\w+\.\w+)\*\*(?P<own> \(gaugeblock's own functions only\))?(?: \(since (?P<since>\S+)\))?"
    r"(?: \(changed in (?P<changed>\S+)\))?(?: \(withdrawn in (?P<withdrawn>\S+)\))?: (?P<text>.+)$",
    re.M,
)
LINK = re.compile(r"\[([^]]+)]\([^)]+\)")
FORM = re.compile(r"^- \*\*`(?P<name>\w+)`\*\*: (?P<text>.+)$", re.M)


class Requirement(NamedTuple):
    """A labelled sentence of a page."""

    label: str
    text: str
    own: bool  # asked of gaugeblock's own functions only, never of a subject
    since: str  # the first version that has it
    changed: str | None  # the last version that gave it another meaning
    withdrawn: str | None  # the first version that has it no longer

    @property
    def words(self) -> str:
        """The sentence where nothing can be followed: each link as what it says."""
        return LINK.sub(r"\1", self.text)

    @property
    def history(self) -> str:
        """The versions that it names, in words."""
        parts = {"since": self.since, "changed in": self.changed, "withdrawn in": self.withdrawn}
        return ", ".join(f"{what} {version}" for what, version in parts.items() if version)

    def is_in(self, version: str) -> bool:
        """Whether a version has it."""
        return not later(self.since, version) and (self.withdrawn is None or later(self.withdrawn, version))

    def changed_after(self, version: str) -> bool:
        """Whether its meaning in a version was another one."""
        return self.changed is not None and later(self.changed, version)


def later(version: str, other: str) -> bool:
    """Whether a version came after another one."""
    return VERSIONS.index(version) > VERSIONS.index(other)


@lru_cache
def formulas(version: str = VERSION) -> tuple[str, ...]:
    """The names of the formulas that have a page, in a version."""
    pages = (entry.name for entry in resources.files(__name__).iterdir())
    names = sorted(name.removesuffix(".md") for name in pages if name.endswith(".md"))
    return tuple(name for name in names if version == VERSION or requirements(name, version))


def dtypes(version: str = VERSION) -> tuple[str, ...]:
    """The dtypes that a version speaks of."""
    return tuple(dtype for dtype, since in DTYPES.items() if not later(since, version))


@lru_cache
def page(formula: str) -> str:
    """The page of a formula, a step of an optimizer also under its other name, as 'sgd' is 'sgd_step'.

    Raises
    ------
    ValueError
        A formula that has no page.
    """
    name = meant(formula, formulas())
    if name not in formulas():
        raise ValueError(unknown("formula", formula, formulas(), "gaugeblock spec"))
    return resources.files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")


@lru_cache
def requirements(formula: str, version: str = VERSION) -> dict[str, Requirement]:
    """The requirements of a page by label, in the order of the page: those that a version has."""
    return {label: each for label, each in all_requirements(formula).items() if each.is_in(version)}


@lru_cache
def all_requirements(formula: str) -> dict[str, Requirement]:
    """The requirements of a page by label, those that were withdrawn too."""
    return read_requirements(page(formula))


def read_requirements(text: str) -> dict[str, Requirement]:
    """The requirements in a page's text by label, those that were withdrawn too."""
    (since,) = SINCE.findall(text) or [VERSION]
    return {
        m["label"]: Requirement(
            m["label"], m["text"], m["own"] is not None, m["since"] or since, m["changed"], m["withdrawn"]
        )
        for m in REQUIREMENT.finditer(text)
    }


def requirement(label: str) -> Requirement:
    """The requirement with a label like 'softmax.nan', also one that was withdrawn.

    Raises
    ------
    ValueError
        A label that no page has.
    """
    given, _, word = label.partition(".")
    formula = meant(given, formulas())
    known = all_requirements(formula)
    if f"{formula}.{word}" not in known:
        raise ValueError(unknown("requirement", label, [*known], f"gaugeblock spec {formula}"))
    return known[f"{formula}.{word}"]


def unknown(what: str, name: str, names: Sequence[str], command: str, otherwise: str = "") -> str:
    """The message on a name that is none of `names`: all of these, or of many the nearest and what shows them."""
    return f"{what}: got {name!r}{wanted(name, names, command, otherwise)}"


def admitted_forms(formula: str) -> dict[str, str]:
    """The admitted forms of a page, by name."""
    return {m["name"]: m["text"] for m in FORM.finditer(page(formula))}
