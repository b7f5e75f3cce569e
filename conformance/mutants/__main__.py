"""The kill matrix, in Markdown: all of it, or the formulas that are named anew, beside the others as they stand."""

import sys
from pathlib import Path

from ... import spec
from . import mutants
from .kinds import MUTANTS
from .matrix import Kills, kills, kinds

MATRIX = Path(__file__).parent / "MATRIX.md"

ABOUT = """# The kill matrix

Each mutant is a wrong implementation, and fails the requirements that are marked: ● in float32 and float64, 32 or 64
in one of them only. Where a mutant is right in a dtype (float32 inside is right in float32), nothing can fail there.
Mistakes that only half precision can have are marked ○ in float16 and bfloat16, 16 or b16 in one of them only.
A test checks that every mutant fails the requirement that it is tied to, that every requirement is the first, in the
order of the page, or the only one that some mutant fails, and that every case kills something.
"""

MARKS = {("float32", "float64"): "●", ("float32",): "32", ("float64",): "64"}
MARKS |= {("float16", "bfloat16"): "○", ("float16",): "16", ("bfloat16",): "b16"}


def row(found: Kills, labels: list[str]) -> str:
    """A mutant, and for each requirement in which dtypes it fails."""
    mutant = found.mutant
    failed = [MARKS.get(tuple(dtype for dtype in found.labels if label in found.labels[dtype]), "") for label in labels]
    source = f" [source]({mutant.source})" if mutant.source.startswith("http") else f" {mutant.source}".rstrip()
    words = mutant.words.replace("|", "\\|") + source
    return f"| `{mutant.name}` | {words} | {' | '.join(failed)} |"


def table(formula: str) -> str:
    """The mutants of a formula against its requirements."""
    labels = [r.label for r in spec.requirements(formula).values() if not r.own]
    head = f"| mutant | what is wrong | {' | '.join(label.partition('.')[2] for label in labels)} |"
    rule = f"|---|---|{'---|' * len(labels)}"
    rows = [row(kills(mutant), labels) for mutant in mutants(formula)]
    return "\n".join([f"## {formula}: {len(rows)} mutants", "", head, rule, *rows, ""])


KINDS = """## Kinds of input

Each of these mistakes shows in one kind of input alone, as the made cases have it, or when a call is made again: ●
where it fails in float32. *chosen* are the cases that are written by hand. A test checks that each kind rejects a
mistake that no other kind rejects.
"""


def table_of_kinds() -> str:
    """The mistakes in one kind of input against the kinds of cases."""
    columns = ["chosen", *MUTANTS]
    rows = []
    for each in (mutant for of_kind in MUTANTS.values() for mutant in of_kind):
        marks = ["●" if column in kinds(each).kinds else "" for column in columns]
        rows.append(f"| `{each.name}` | {each.words} | {' | '.join(marks)} |")
    head = f"| mutant | what is wrong | {' | '.join(columns)} |"
    return "\n".join([KINDS, head, f"|---|---|{'---|' * len(columns)}", *rows, ""])


def page(names: list[str]) -> str:
    """The page: all tables, or those of some formulas anew and the rest as it stands."""
    if not names:
        return "\n".join([ABOUT, *map(table, spec.formulas()), table_of_kinds()])
    *parts, of_kinds = MATRIX.read_text(encoding="utf-8").split("\n## ")
    tables = {part.partition(":")[0]: f"## {part.rstrip()}\n" for part in parts} | {name: table(name) for name in names}
    return "\n".join([ABOUT, *(tables[name] for name in spec.formulas()), f"## {of_kinds}"])


if __name__ == "__main__":
    print(page(sys.argv[1:]), end="")
