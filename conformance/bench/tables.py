"""What a run of `gaugeblock bench` shows: tables of its document."""

import json
import statistics
from collections.abc import Iterator
from typing import Any

from rich.table import Table

from .work import Work

Measurement = dict[str, Any]


def seconds_of(measurement: Measurement) -> dict[str, list[float]]:
    """The seconds of a call in each round, by contender."""
    return {contender["name"]: contender["seconds"] for contender in measurement["contenders"]}


def quartiles(seconds: list[float], others: list[float]) -> tuple[float, float, float]:
    """The quartiles of the ratios of the same rounds."""
    ratios = [a / b for a, b in zip(seconds, others, strict=True)]
    if len(ratios) < 2:
        return ratios[0], ratios[0], ratios[0]
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return low, middle, high


def as_lines(document: dict[str, Any]) -> str:
    """A document as JSON, one record a line."""
    parts = []
    for name, value in document.items():
        records = isinstance(value, list) and bool(value) and isinstance(value[0], dict)
        text = "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]" if records else json.dumps(value)
        parts.append(f"{json.dumps(name)}: {text}")
    return "{\n " + ",\n ".join(parts) + "\n}\n"


def ratio(measurement: Measurement, name: str, other: str = "naive") -> float | None:
    """The median of a contender's time as a multiple of another's; None where one was not measured."""
    seconds = seconds_of(measurement)
    return quartiles(seconds[name], seconds[other])[1] if {name, other} <= set(seconds) else None


def title(measurement: Measurement) -> str:
    """The work, in words."""
    shape = tuple(measurement["shape"])
    return str(Work(measurement["formula"], shape, measurement["tensors"], measurement["cores"]))


def duration(seconds: float) -> str:
    """A time in its unit."""
    unit, scale = next((each for each in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)) if seconds >= each[1]), ("ns", 1e-9))
    return f"{seconds / scale:.3g} {unit}"


def size(number: float) -> str:
    """Bytes in MB."""
    return f"{number / 1e6:.0f} MB" if number >= 1e6 else "0"


def verdict(contender: dict[str, Any]) -> str:
    """Error / bound, and the word for more than 1."""
    if "ratio" not in contender:
        return ""
    found = float(contender["ratio"])
    return f"{found:.2g}" if found <= 1 else contender.get("wrong") or f"[bold red]WRONG[/], {found:.2g}"


def speed(measurement: Measurement) -> Table:
    """One work: each contender's time, as a multiple of plain NumPy's too, its memory, and how it was judged."""
    names = title(measurement), "a call", "/ naive", "quartiles", "memory", "page faults", "error / bound"
    table = Table(*names, title_justify="left")
    seconds = seconds_of(measurement)
    for contender in measurement["contenders"]:
        name = contender["name"]
        peak = contender["peak_bytes"]
        times, spread = "", ""
        if "naive" in seconds:
            low, middle, high = quartiles(seconds[name], seconds["naive"])
            times, spread = f"{middle:.2f}", f"{low:.2f}-{high:.2f}"
        table.add_row(
            name,
            duration(statistics.median(seconds[name])),
            times,
            spread,
            "" if peak is None else size(peak),
            f"{contender['page_faults']:.0f}",
            verdict(contender),
        )
    return table


def imports(found: dict[str, list[float]]) -> Table:
    """What an import costs, over that of NumPy."""
    table = Table("import", "ms", title="An import, in a new process")
    numpy, ours = found["numpy"], found["gaugeblock"]
    over = statistics.median(a - b for a, b in zip(ours, numpy, strict=True))
    table.add_row("numpy", f"{statistics.median(numpy) * 1e3:.0f}")
    table.add_row("gaugeblock over numpy", f"{over * 1e3:.0f}")
    return table


def oracle(found: list[dict[str, Any]]) -> Table:
    """How fast the oracle is."""
    table = Table("softmax", "M elements / s", "times the formula itself", title="The oracle, on one core")
    for each in found:
        rate = each["elements"] / statistics.median(each["judge"]) / 1e6
        times = quartiles(each["judge"], each["floor"])[1]
        table.add_row(f"{each['dtype']}, {each['classes']} classes", f"{rate:.2f}", f"{times:.1f}")
    return table


def machine(document: dict[str, Any]) -> Table:
    """What it was measured on."""
    about = document["machine"]
    settings = " ".join(f"{name}={value}" for name, value in about["allocator_settings"].items()) or "its defaults"
    rows = {
        "machine": f"{about['processor']}, {about['cores']} cores, {about['system']}",
        "load": "unknown" if about["load"] is None else f"{about['load']:.1f} in the minute before",
        "caches": ", ".join(f"{name} {size}" for name, size in about["caches"].items()),
        "memory": f"{about['memory_bytes'] / 2**30:.0f} GiB",
        "allocator": f"{about['allocator']}, {settings}, huge pages {about['huge_pages'] or 'unknown'}",
        "versions": ", ".join(f"{name} {number}" for name, number in document["versions"].items()),
    }
    table = Table(show_header=False)
    for row in rows.items():
        table.add_row(*row)
    return table


def tables(document: dict[str, Any]) -> Iterator[Table]:
    """Yield all that a run measured."""
    yield machine(document)
    yield from (speed(each) for each in document["measurements"] if each["contenders"])
    for name, shown in (("imports", imports), ("oracle", oracle)):
        if name in document:
            yield shown(document[name])
