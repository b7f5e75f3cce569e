"""The verdicts on real libraries that the README shows: `python examples/verdicts.py` writes them there."""

import sys
from importlib.metadata import version
from pathlib import Path

from rich.progress import track

from gaugeblock.conformance import check

ROOT = Path(__file__).parent.parent
START, END = "<!-- verdicts: python examples/verdicts.py -->\n", "<!-- end of verdicts -->\n"
SUBJECTS = {
    "torch.nn.functional, torch.optim.Adam": "torch_native.py",
    "torch.optim.Adam(foreach=True)": "torch_native.py:foreach",
    "torch.optim.Adam(fused=True)": "torch_native.py:fused",
    "jax.nn, optax.adam": "jax_native.py",
    "scipy.special": "scipy_subject.py",
}


def rows(path: str) -> list[str]:
    """A row of the table for each formula and dtype of a subject."""
    report, found = check(str(ROOT / "examples" / path)), []
    for formula, dtype in dict.fromkeys((r.formula, r.dtype) for r in report.results if r.cases):
        results = [r for r in report.results if (r.formula, r.dtype) == (formula, dtype)]
        failed = [f"`{r.requirement}`" for r in results if r.status == "fail"]
        verdict = "fails " + ", ".join(failed) if failed else "conforms"
        found.append(f"| {formula} | {dtype} | {verdict} | {max(r.ratio for r in results):.2g} |")
    return found


def table() -> str:
    """All verdicts, in Markdown."""
    names = ", ".join(f"{name} {version(name)}" for name in ("torch", "jax", "optax", "scipy", "numpy"))
    lines = [
        f"With {names}, on the CPU, seed 0.\n",
        "| | formula | dtype | verdict | error / bound |",
        "|---|---|---|---|---|",
    ]
    for name, path in track(SUBJECTS.items(), disable=not sys.stderr.isatty(), transient=True):
        lines += [f"| {name} {row}" for row in rows(path)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    readme = ROOT / "README.md"
    before, rest = readme.read_text().split(START)
    readme.write_text(f"{before}{START}\n{table()}\n{END}{rest.split(END)[1]}")
