"""What the suite finds of real libraries: `python examples/libraries.py` judges each and writes docs/libraries.md.

Each subject is a file of `examples/libraries/`, or an object in one, and is judged in a process of its own.
"""

import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from rich.progress import track

from gaugeblock import spec
from gaugeblock.conformance import SubjectError, check
from gaugeblock.conformance.judging.common import EVERY

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "libraries.md"


class Library(NamedTuple):
    """What is judged, the packages that compute it, and the environment that it is loaded in."""

    name: str
    subject: str  # under examples/libraries/
    packages: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()


LIBRARIES = (
    Library("PyTorch", "torch_functional.py", ("torch",)),
    Library("PyTorch, Adam with foreach", "torch_functional.py:foreach", ("torch",)),
    Library("PyTorch, Adam with fused", "torch_functional.py:fused", ("torch",)),
    Library("JAX and optax", "jax_nn.py", ("jax", "optax")),
    Library("SciPy, its default axis", "scipy_special.py", ("scipy",)),
    Library("SciPy, the axis given", "scipy_special.py:along_last_axis", ("scipy",)),
    Library("scikit-learn", "sklearn_metrics.py", ("scikit-learn",)),
    Library("scikit-learn, sample by sample", "sklearn_metrics.py:sample_by_sample", ("scikit-learn",)),
    Library("onnxruntime", "onnx_operators.py:runtime", ("onnxruntime", "onnx")),
    Library("ONNX's reference evaluator", "onnx_operators.py:reference", ("onnx",)),
    *(
        Library(
            f"Keras on {name}",
            "keras_losses.py",
            ("keras", *packages),
            (("KERAS_BACKEND", backend), ("KERAS_HOME", os.devnull)),  # no settings of the user's
        )
        for name, backend, *packages in (("NumPy", "numpy"), ("JAX", "jax", "jax"), ("PyTorch", "torch", "torch"))
    ),
)

Report = dict[str, Any]  # as `gaugeblock check --json` writes it
Verdict = list[dict[str, Any]]  # the results of one formula in one dtype

START = f"""\
# What libraries do

`python examples/libraries.py` writes this page: nothing on it is typed by hand. It judges the
[files of `examples/libraries/`](../examples/libraries/), each a thin layer over a library's own functions, by
specification {spec.VERSION} on the CPU with seed 0.

*error / bound* is the worst element's: at most 1 conforms, and inf is a result that is wrong in kind (NaN, infinite,
another shape, or none). *Fails first* is the first requirement, in the order of the formula's page, that fails.
*Most likely* is the diagnosis: the known mistake or rival formula whose outputs the library's are.
`gaugeblock spec LABEL` prints a requirement.
"""


def report_of(library: Library, formulas: Iterable[str] | None = None, dtypes: Iterable[str] | None = None) -> Report:
    """The report of a library, with its packages' versions; SubjectError with the reason if it cannot be judged."""
    os.environ.update(dict(library.environment))
    try:
        versions = {package: version(package) for package in (*library.packages, "numpy")}
    except PackageNotFoundError as error:
        raise SubjectError(f"{error.name} is not installed") from None
    report = check(str(ROOT / "examples" / "libraries" / library.subject), formulas, dtypes).to_dict()
    return {**report, "versions": versions}


def verdicts(report: Report) -> dict[tuple[str, str], Verdict]:
    """The results of a report by formula and dtype; those that nothing was judged of are left out."""
    found: dict[tuple[str, str], Verdict] = {}
    for result in report["results"]:
        found.setdefault((result["formula"], result["dtype"]), []).append(result)
    judged = {key: results for key, results in found.items() if any(result["cases"] for result in results)}
    return dict(sorted(judged.items(), key=lambda item: item[0][0]))  # the dtypes in their order


def failed(results: Verdict) -> Verdict:
    return [result for result in results if result["status"] == "fail"]


def words(results: Verdict) -> str:
    """A verdict as its row says it: conforms or fails, where first, and what it most likely is."""
    bad = failed(results)
    if not bad:
        return "conforms | |"
    more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
    likely = "; ".join(dict.fromkeys(r["diagnosis"] or EVERY for r in bad))
    return f"**fails** | `{bad[0]['requirement']}`{more} | {likely}"


def rows(report: Report) -> list[str]:
    """A row of the table for each formula and dtype."""
    return [
        f"| {formula} | {dtype} | {max(float(r['ratio']) for r in results):.2g} | {words(results)} |"
        for (formula, dtype), results in verdicts(report).items()
    ]


def sentences(report: Report) -> list[str]:
    """A sentence for each formula that fails, on the first requirement that does, in each dtype."""
    found: dict[str, dict[str, list[str]]] = {}
    for (_, dtype), results in verdicts(report).items():
        for first in failed(results)[:1]:
            found.setdefault(first["requirement"], {}).setdefault(evidence(first), []).append(dtype)
    return [
        f"- `{label}`: {spec.requirement(label).text} "
        + "; ".join(f"In {' and '.join(dtypes)}, {words}" for words, dtypes in told.items()).replace("; In", "; in")
        + "."
        for label, told in found.items()
    ]


def evidence(result: dict[str, Any]) -> str:
    """The worst element of a failing requirement, or why there is none."""
    worst = result["worst"]
    case = f"in the case `{worst['case'].partition('/')[2]}`"
    if worst["index"] is None:
        return f"{case} {one_line(result['reason'])}"
    place = f"{worst['output']}{worst['index'] or ''}"
    digits = 17 if result["dtype"] == "float64" else 9
    bound, ratio = float(worst["bound"]), float(worst["ratio"])
    within = "exactly" if bound == 0 else f"within {bound:.2g}"
    times = f", {ratio:.2g} times the bound" if 0 < ratio < float("inf") else ""
    return (
        f"{case} {place} is {float(worst['got']):.{digits}g}, not {float(worst['expected']):.{digits}g} {within}{times}"
    )


def one_line(text: str) -> str:
    """A library's message as Markdown can hold it."""
    return " ".join(text.replace(str(ROOT) + os.sep, "").split()).replace("|", "\\|")[:240].rstrip(".")


def not_offered(report: Report) -> str:
    """The formulas and requirements that a library does not offer, with the reasons that it gives."""
    judged, found = verdicts(report), {}
    for result in report["results"]:
        whole = (result["formula"], result["dtype"]) not in judged
        if result["status"] == "not offered" or (result["reason"] and result["status"] == "pass"):
            name = result["formula"] if whole else f"`{result['requirement']}`"
            part = "" if result["status"] == "not offered" else " in part"
            found.setdefault(one_line(result["reason"]), {})[name + part] = None
    return "; ".join(f"{', '.join(names)} ({reason})" for reason, names in found.items())


def overview(reports: dict[str, Report]) -> list[str]:
    """A table of formula x library: in how many of the dtypes it conforms."""
    lines = [f"| | {' | '.join(reports)} |", "|---" * (len(reports) + 1) + "|"]
    for formula in spec.formulas():
        cells = []
        for report in reports.values():
            found = [results for (name, _), results in verdicts(report).items() if name == formula]
            cells.append(f"{sum(not failed(results) for results in found)} of {len(found)}" if found else "")
        lines.append(f"| [{formula}](../spec/{formula}.md) | {' | '.join(cells)} |")
    return lines


def section(library: Library, report: Report) -> list[str]:
    """What the page says of one library."""
    environment = "".join(f", {name}={value}" for name, value in library.environment)
    file = library.subject.partition(":")[0]
    lines = [
        f"\n## {library.name}\n",
        f"{', '.join(f'{name} {number}' for name, number in report['versions'].items())}; "
        f"[`{library.subject}`](../examples/libraries/{file}){environment}.\n",
        "| formula | dtype | error / bound | verdict | fails first | most likely |",
        "|---|---|---|---|---|---|",
        *rows(report),
    ]
    told, missing = sentences(report), not_offered(report)
    return lines + (["", *told] if told else []) + ([f"\nNot offered: {missing}."] if missing else [])


def page(found: dict[str, Report | str]) -> str:
    """The page, of each library's report, or why it was not judged."""
    reports = {name: report for name, report in found.items() if not isinstance(report, str)}
    lines = [START, "In how many of the dtypes that were judged each formula conforms:\n", *overview(reports)]
    lines += [f"\n{name}: not judged ({reason})." for name, reason in found.items() if isinstance(reason, str)]
    for library in LIBRARIES:
        lines += section(library, reports[library.name]) if library.name in reports else []
    return "\n".join(lines) + "\n"


def judge_all(libraries: Iterable[Library], judge: Callable[[Library], Report] = report_of) -> dict[str, Report | str]:
    """The report of each library, or why it was not judged; two at a time, each in a process of its own."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        jobs = {pool.submit(judge, library): library.name for library in libraries}
        shown = track(as_completed(jobs), "judging", total=len(jobs), disable=not sys.stderr.isatty(), transient=True)
        outcomes = {jobs[job]: outcome(job) for job in shown}
    return {name: outcomes[name] for name in jobs.values()}


def outcome(job: Future[Report]) -> Report | str:
    """A job's report, or why there is none."""
    try:
        return job.result()
    except (ValueError, BrokenProcessPool) as error:
        return one_line(str(error))


if __name__ == "__main__":
    text = page(judge_all(LIBRARIES))
    temporary = PAGE.with_suffix(".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(PAGE)
