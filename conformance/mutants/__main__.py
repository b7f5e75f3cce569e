"""The kill matrix, in Markdown: `python -m gaugeblock.conformance.mutants > conformance/mutants/MATRIX.md`."""

from ... import spec
from . import mutants
from .matrix import Kills, kills

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


if __name__ == "__main__":
    print(ABOUT)
    print("\n".join(table(formula) for formula in spec.formulas()), end="")
