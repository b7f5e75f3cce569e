"""The kill matrix, in Markdown: `python -m gaugeblock.conformance.mutants > conformance/mutants/MATRIX.md`."""

from ... import spec
from . import mutants
from .matrix import Kills, kills

MARKS = {("float32", "float64"): "●", ("float32",): "32", ("float64",): "64"}


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
    print("# The kill matrix\n")
    print("requirement is the first, in the order of the page, or the only one that some mutant fails, and that every")
    print("requirement is the first, in the order of the page, or the only one that some mutant fails, and that every")
    print("can fail there. A test checks that every mutant fails the requirement that it is tied to, that every")
    print("requirement is the first, in the order of the page, or the only one that some mutant fails, and that every")
    print("case kills something.\n")
    print("\n".join(table(formula) for formula in spec.formulas()), end="")
