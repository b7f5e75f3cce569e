"""The specification: for each formula a page (``softmax.md``) and a definition over the reals (``softmax.py``).

A definition is the mathematics as it stands, on scalars; it shares no code with ``gaugeblock.reference``.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

# Changes when a requirement, a bound or a definition does.
VERSION = "1.2"

OWN = r" \(gaugeblock's own functions only\)"
REQUIREMENT = re.compile(rf"^- \*\*(?P<label>\w+\.\w+)\*\*(?P<own>{OWN})?: (?P<text>.+)$", re.M)
FORM = re.compile(r"^- \*\*`(?P<name>\w+)`\*\*: (?P<text>.+)$", re.M)


class Requirement(NamedTuple):
    """A labelled sentence of a page."""

    label: str
    text: str
    own: bool  # asked of gaugeblock's own functions only, never of a subject


@lru_cache
def formulas() -> tuple[str, ...]:
    """The names of the formulas that have a page."""
    pages = (entry.name for entry in resources.files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".md") for name in pages if name.endswith(".md")))


@lru_cache
def page(formula: str) -> str:
    """The page of a formula.

    Raises
    ------
    ValueError
        A formula that has no page.
    """
    if formula not in formulas():
        meant = did_you_mean(formula, formulas())
        raise ValueError(f"formula: got {formula!r}; wanted one of {', '.join(formulas())}{meant}")
    return resources.files(__name__).joinpath(f"{formula}.md").read_text(encoding="utf-8")


@lru_cache
def requirements(formula: str) -> dict[str, Requirement]:
    """The requirements of a page by label, in the order of the page."""
    found = REQUIREMENT.finditer(page(formula))
    return {m["label"]: Requirement(m["label"], m["text"], m["own"] is not None) for m in found}


def requirement(label: str) -> Requirement:
    """The requirement with a label like 'softmax.nan'.

    Raises
    ------
    ValueError
        A label that no page has.
    """
    known = requirements(label.partition(".")[0])
    if label not in known:
        meant = did_you_mean(label, known)
        raise ValueError(f"requirement: got {label!r}; wanted one of {', '.join(known)}{meant}")
    return known[label]


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """The end of a message about a name that is none of `names`: the nearest one, if any is near."""
    near = get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def admitted_forms(formula: str) -> dict[str, str]:
    """The admitted forms of a page, by name."""
    return {m["name"]: m["text"] for m in FORM.finditer(page(formula))}
