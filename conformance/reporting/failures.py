"""What fails, in lines: each failing requirement with its worst input, and what the mistake most likely is."""

from collections.abc import Iterable
from typing import Any

from rich.text import Text

from ...names import meant
from ..judging.common_traits import EVERY, FLUSHED, RAISED, raised_in
from ..judging.diagnosis import NO_VALUE, NONE_KNOWN
from ..judging.known_mistakes import NEARLY, PERHAPS
from .advice import advice

Fields = dict[str, Any]  # an object of the JSON document
LABEL = 12  # columns of the names of what is shown of a failure
QUIET, USUAL, VERBOSE = -1, 0, 1
WHERE = "it fails ", "each "  # how a diagnosis begins that says where, and names no mistake


def failures(report: Fields) -> list[list[Fields]]:
    """The failing results that are shown together: of a requirement in all dtypes, or of calls that raise alike."""
    found: dict[object, list[Fields]] = {}
    for result in report["results"]:
        if result["status"] == "fail":
            key = (called(result), kind_of(result)) if kind_of(result) else result["requirement"]
            found.setdefault(key, []).append(result)
    return list(found.values())


def kind_of(result: Fields) -> str:
    """In which way calls fail that raise, or that all fail in one way; nothing of others."""
    return raised_in(result["reason"]) or (str(result["reason"]) if result["common"] == EVERY else "")


def called(result: Fields) -> str:
    """What the function that a result is about is called: a step as its formula."""
    return meant(result["worst"]["function"], [result["formula"]])


def listed(names: Iterable[str]) -> str:
    """Names as a sentence has them, each once."""
    return " and ".join(dict.fromkeys(names))


def alike(results: list[Fields]) -> list[Text]:
    """The failures of a function whose calls raise alike, in one block."""
    first, dtypes = results[0], listed(result["dtype"] for result in results)
    worst, every = first["worst"], all(result["common"] == EVERY for result in results)
    raised = RAISED.match(first["reason"])
    place = (raised["place"] or "") if raised else ""
    title = Text.assemble(("FAIL ", "bold red"), (called(first), "bold"), f" in {dtypes}: ")
    lines = [title + Text(f"{'in every call ' if every else ''}{first['reason'].removesuffix(place)}")]
    lines += field("line", place.strip(" ()"))
    for label, words in advice(worst["function"], first["reason"], every).items():
        lines += field(label, words)
    lines += field("given", arguments(worst))
    counts = {r["requirement"].partition(".")[2]: f"{r['failing']} of {r['cases']}" for r in reversed(results)}
    failing = ", ".join(f"{label} {count}" for label, count in reversed(counts.items()))
    common = f"; all {first['common']}" if first["common"] and not every else ""
    return [*lines, *field("failing", f"{failing} cases{common}")]


def failure(results: list[Fields], level: int = USUAL) -> list[Text]:
    """A failing requirement: its sentence, the worst input and output, and the error as a multiple of the bound."""
    result, dtypes = results[0], listed(result["dtype"] for result in results)
    title = Text.assemble(("FAIL ", "bold red"), (result["requirement"], "bold"), f" in {dtypes}")
    lines = [title, Text(f"  {result['text']}", style="italic")]
    worst = result["worst"]
    if worst is None:
        return lines
    count = f"{result['failing']} of {result['cases']} cases" if result["cases"] > 1 else "its one case"
    lines += field("failing", f"{count}{common_words(result)}")
    lines += field("case", f"{worst['case']} (catches: {worst['note']})")
    lines += field("given", arguments(worst))
    if worst["index"] is not None:
        lines += field("input", ", ".join(f"{name} = {value}" for name, value in worst["arguments"].items()))
        name, space, when = worst["output"].partition(" ")  # such as: theta after 10 steps
        place = f"{name}{worst['index'] or ''}{space}{when}"
        bits = f"  ({worst['got_hex']})" if level >= VERBOSE else ""
        lines += field("output", f"{place} = {digits(worst['got'], 9)}{bits}")
        exactly = worst["bound"] == 0
        within = "exactly" if exactly else f"within {digits(worst['bound'], 3)}"
        lines += field("expected", f"{digits(worst['expected'], 17)} {within}")
        if not isinstance(worst["got"], str) and not isinstance(worst["expected"], str):
            times = "" if exactly else f", {digits(worst['ratio'], 3)} times the bound"
            lines += field("error", f"{abs(worst['got'] - worst['expected']):.3g}{times}")
        lines += [Text(f"  {worst['resolution']}")] if worst["resolution"] else []
        lines += field("otherwise", otherwise(worst))
    return lines + field("reason", result["reason"])


def otherwise(worst: Fields) -> str:
    """What to declare of anybody's formula whose result, or that of a subject, is NaN by accident alone."""
    if not worst["source"] or "nan" not in {str(worst["got"]), str(worst["expected"])}:
        return ""
    return "if this NaN is an accident, `open` of the declaration says which elements nobody judges"


def common_words(result: Fields) -> str:
    """What the failing cases have in common, after their number."""
    common = result["common"]
    return f", {'' if common == EVERY else 'all '}{common}" if common else ""


def field(name: str, text: str) -> list[Text]:
    """A line of a failure, if there is anything to show."""
    return [Text(f"  {name:<{LABEL - 2}}{text}")] if text else []


def arguments(worst: Fields) -> str:
    """The arrays of a call, each with its dtype and shape; and what is no array, where no line of inputs follows."""
    arrays = [f"{name} {words}" for name, words in worst["given"].items()]
    others = {} if worst["index"] is not None else worst["arguments"]
    return ", ".join([*arrays, *(f"{name} = {value}" for name, value in others.items() if name not in worst["given"])])


def digits(value: float | str, count: int) -> str:
    """A number in so many digits."""
    return value if isinstance(value, str) else f"{value:.{count}g}"


def diagnoses(report: Fields) -> list[Text]:
    """What each failing formula most likely is."""
    found: dict[tuple[str, str], list[str]] = {}
    for result in report["results"]:
        if result["diagnosis"] and result["worst"]:
            found.setdefault((called(result), result["diagnosis"]), []).append(result["dtype"])
    lines = []
    for (function, diagnosis), dtypes in found.items():
        sure, words = sentence(diagnosis)
        start = (f"{sure.upper()} ", "bold yellow"), (function, "bold")
        lines.append(Text.assemble(*start, f" in {listed(dtypes)}: {words}"))
    return lines


def sentence(diagnosis: str) -> tuple[str, str]:
    """How sure a diagnosis is, and what it says."""
    if diagnosis == NONE_KNOWN:
        return "unknown", "the outputs are those of none of the known mistakes"
    if diagnosis.startswith(NO_VALUE):
        return "unknown", diagnosis
    if diagnosis.endswith(FLUSHED):
        return "located", diagnosis
    if diagnosis.startswith(WHERE):
        return "located", f"{diagnosis}; no mistake that was tried explains it"
    for start, sure in {PERHAPS: "perhaps", NEARLY: "most likely, but for a few cases"}.items():
        if diagnosis.startswith(start):
            return sure, diagnosis.removeprefix(start)
    return "most likely", diagnosis
