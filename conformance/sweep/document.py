"""The result of a sweep, as JSON has it and as a terminal shows it."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from rich.table import Table

from .sweep import arguments, identity
from .tallies import EDGES, NOTHING, UNUSED, Place, Sweep, Tally, of_bits


def to_document(sweep: Sweep, tallies: dict[int, Tally]) -> dict[str, Any]:
    """The result of a sweep as JSON has it; ``sweep.schema.json`` beside this module describes it.

    Raises
    ------
    ArithmeticError
        A value is missing, or was counted twice.
    """
    found: dict[str, Tally] = {}
    for number, tally in tallies.items():
        region = sweep.region(number)
        found[region] = found.get(region, NOTHING) + tally
    count = sum(tally.values for tally in found.values())
    if count != sweep.values:
        raise ArithmeticError(f"{sweep.formula}: {count:,} values were counted; there are {sweep.values:,}")
    regions = {name: region_to_dict(sweep, found[name]) for name in sorted(found)}
    return {
        **identity(sweep),
        "values": count,
        "limit": sweep.limit,
        "holds": all(region["over"] == 0 for name, region in regions.items() if name != UNUSED),
        "edges": list(EDGES),
        "regions": regions,
    }


def region_to_dict(sweep: Sweep, tally: Tally) -> dict[str, Any]:
    """A tally as JSON has it, with the number of values that are wrong or beyond the limit."""
    over = sum(count for end, count in zip((*EDGES, np.inf), tally.histogram, strict=True) if end > sweep.limit)
    return {
        "values": tally.values,
        "over": tally.wrong + over,
        **tally._asdict(),
        "histogram": list(tally.histogram),
        "worst": place_to_dict(sweep, tally.worst),
        "first": place_to_dict(sweep, tally.first),
    }


def place_to_dict(sweep: Sweep, place: Place | None) -> dict[str, Any] | None:
    """A place with its bits in hexadecimal, and as numbers to be read."""
    if place is None:
        return None
    x, *w = (str(each.reshape(-1)[0]) for each in arguments(sweep, place.value, 1)[:2])
    digits = (sweep.values * sweep.every).bit_length() // 4
    bits = int(sweep.bits(np.asarray([place.value]))[0])
    return {
        "bits": f"0x{bits:0{digits}x}",
        "x": x,
        **({"w": w[0]} if w else {}),
        "got": f"0x{place.got:0{8 if sweep.dtype == 'float32' else 4}x}",
        "result": str(of_bits(np.asarray([place.got]), sweep.dtype)[0]),
    }


def tables(document: dict[str, Any]) -> Iterator[Table]:
    """What a result says: the largest error and the verdict of each region, and the histogram."""
    regions, limit = document["regions"], document["limit"]
    title = f"{document['subject']}, {document['formula']} in {document['dtype']}: {document['values']:,} values"
    title += f", one of {document['every']}" if "every" in document else ""
    found = Table("values", "largest error in ulp", "at", "which gives", f"within {limit:g} ulp", title=title)
    for name, region in regions.items():
        found.add_row(name, *largest(region), verdict(name, region, "every" in document))
    yield found

    histogram = Table("error", *regions)
    for label, key in (("wrong", "wrong"), ("compared exactly", "exact"), ("subnormal, taken for 0", "flushed")):
        histogram.add_row(label, *(f"{region[key]:,}" for region in regions.values()))
    ends = [f"at most {edge:g} ulp" for edge in document["edges"]] + [f"more than {document['edges'][-1]:g} ulp"]
    for label, *counts in zip(ends, *(region["histogram"] for region in regions.values()), strict=True):
        if any(counts):
            histogram.add_row(label, *(f"{count:,}" for count in counts))
    yield histogram


def largest(region: dict[str, Any]) -> tuple[str, str, str]:
    """The largest error of a region, rounded up, where it is, and what comes out there."""
    place = region["worst"]
    if place is None:
        return "0", "", ""
    return f"{math.ceil(region['ulp'] * 1e4) / 1e4:.4f}", place_in_words(place), place["result"]


def place_in_words(place: dict[str, Any]) -> str:
    """The input of a place, as a number and by its bits."""
    return f"x = {place['x']}" + (f", w = {place['w']}" if "w" in place else "") + f" ({place['bits']})"


def verdict(name: str, region: dict[str, Any], is_sample: bool = False) -> str:
    """Whether the limit holds in a region, and where it does not; a sample proves nothing."""
    if not region["over"]:
        return "not refuted" if is_sample else "proved"
    beyond = f"{region['beyond']:,} of them" if region["beyond"] else "none"
    unused = "; no formula takes it there" if name == UNUSED else ""
    first = f"refuted by {region['over']:,} values, the first {place_in_words(region['first'])}"
    return f"{first}; {beyond} beyond the formulas' bound{unused}"


def to_json(document: dict[str, Any]) -> str:
    """The result as text: one value a line, but each list in one."""
    text = json.dumps(document, indent=1, allow_nan=False)
    return re.sub(r"\[[^\[\]{}]*\]", lambda found: " ".join(found[0].split()), text) + "\n"
