"""Every value of a dtype through a function of a subject, against the oracle: what `gaugeblock sweep` computes.

A sweep is cut into chunks. `sweep_chunk` is a pure function from the number of a chunk to its `Tally`, and tallies
add up in any order, so that it does not matter where and when a chunk is computed; `chunks` runs and stores them.

The oracle is the formula in NumPy's float64, which is assumed to be good to `ORACLE_ULP` of float64. What lies too near
an edge of the histogram to be sure of, and the largest error, is computed again in Arb balls, so that every count is
certain; and so are some values of each chunk, to hold the assumption against.
"""

import functools
import hashlib
import json
import math
import platform
import re
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace
from flint import arb
from rich.table import Table

from ... import reference, spec
from ...names import wanted
from .. import special
from ..arithmetic import bounded, exact, functions
from ..arithmetic.rounding import MODELS, Model, nearest
from ..judging.loading import SubjectError
from ..judging.subject import Subject

SCHEMA_VERSION = 1
DTYPES = tuple(dtype for dtype in MODELS if dtype != "float64")  # which has too many values
BLOCK = 2**15  # values that are computed at once: they stay in a processor's cache
ORACLE_ULP = 64
PATTERNS = 2**16  # values by whose results a function is known again
SMALL = 2.0**-8  # ulp; a largest error below it is left to float64: exp is nearly 1 for half of all values
CHECKED = 8  # values of a block in each chunk at which the oracle itself is held against Arb

# The upper ends of the histogram's bins, in ulp; what is further off is in one more.
EDGES = tuple(k / 2 for k in range(1, 33))
LAST = len(EDGES) + 1

# Where no formula takes exp, so that E says nothing there: each subtracts the maximum first.
UNUSED = "x > 0"

Array = Any


class Swept(NamedTuple):
    """What is known of a function that is swept."""

    limit: float | None = None  # the error in ulp that is granted, if not E of the specification
    exact_at: float = 0.0  # where exp and log have exact values, which the bounds rely on
    signed: bool = False  # whether a zero keeps its sign, by IEEE 754
    pairs: bool = False  # whether all pairs of values are swept
    given: Callable[..., list[Array]] = lambda *values: list(values)  # the arguments, of each value or pair
    oracle: int = ORACLE_ULP  # the accuracy that is assumed of the float64 function


def one_input(x: Array, w: Array) -> list[Array]:
    """The arguments of a neuron with one input and no bias."""
    return [x[:, None], w, np.zeros((), x.dtype)]


GRANTED = {"exp": Swept(), "log": Swept(exact_at=1.0), "sqrt": Swept(signed=True)}
# The other functions whose accuracy bounds assume; of these NumPy's float64 is good enough for an oracle.
OTHERS = {name: Swept(exact_at=each.exact_at) for name, each in functions.FUNCTIONS.items()}
# Functions whose bound is made of others', and what it allows in ulp where no argument is scaled: an exp and four
# roundings, a root and two; libraries' own erfc loses x^2 ulp.
COMPOSED: dict[str, tuple[Swept, Callable[[Model], float]]] = {
    "erfc": (Swept(exact_at=np.nan, oracle=512), lambda model: functions.assumed(functions.ERFC_ULP, model)),
    "sigmoid": (Swept(exact_at=np.nan), lambda model: model.exp + 4),
    "rsqrt": (Swept(exact_at=1.0), lambda model: model.sqrt + 2),
}
ELEMENTARY = GRANTED | {"expm1": Swept()} | OTHERS | {name: swept for name, (swept, _) in COMPOSED.items()}
FORMULAS = {
    "relu": Swept(limit=0.0),
    **ELEMENTARY,
    # A product of two float16 is exact in float32, where the neuron is computed: it is rounded once.
    "neuron": Swept(limit=0.5, pairs=True, given=one_input),
}


class Sweep(NamedTuple):
    """What is swept: all values of a dtype, or all pairs of them, through one function of a subject."""

    subject: str
    formula: str
    dtype: str
    device: str | None = None
    every: int = 1  # one of so many values is swept, a random one

    @property
    def values(self) -> int:
        """How many there are."""
        bits = 32 if self.dtype == "float32" else 16
        return (1 << (2 * bits if FORMULAS[self.formula].pairs else bits)) // self.every

    def bits(self, numbers: Array) -> Array:
        """The bits of the values of these numbers; of a sample each is drawn, the same in every sweep."""
        if self.every == 1:
            return numbers
        mixed = (numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)
        return numbers * self.every + (mixed % np.uint64(self.every)).astype(np.int64)

    @property
    def chunk(self) -> int:
        """How many of them make a chunk: some tenths of a second of work."""
        return min(2**22, self.values // 16)

    @property
    def numbers(self) -> range:
        """The numbers of the chunks."""
        return range(self.values // self.chunk)

    @property
    def limit(self) -> float:
        """The error in ulp that is granted."""
        if self.formula in COMPOSED:
            return COMPOSED[self.formula][1](MODELS[self.dtype])
        limit = FORMULAS[self.formula].limit
        if limit is None and self.formula in OTHERS:
            return float(functions.assumed(functions.FUNCTIONS[self.formula].ulp, MODELS[self.dtype]))
        return float(getattr(MODELS[self.dtype], self.formula)) if limit is None else limit

    def region(self, number: int) -> str:
        """Where the values of a chunk are: no formula takes exp of what is greater than 0."""
        if self.formula != "exp":
            return "all"
        return "x <= 0" if number >= len(self.numbers) // 2 else UNUSED  # by the sign, which is the first bit


class Place(NamedTuple):
    """A value, by its number, which is its bits (of a pair those of w, then of x), and the bits of the result."""

    value: int
    got: int


class Tally(NamedTuple):
    """What was found; `+` adds two up, in any order."""

    exact: int  # special values and such, compared bit for bit but for the sign of a zero
    flushed: int  # subnormal operands or results, taken for 0 by a subject that declares so
    histogram: tuple[int, ...]  # by `EDGES`, the rest
    wrong: int  # a number, an infinity or NaN where another is wanted
    beyond: int  # results that are further off than the bound of the formulas, which charges more than E
    ulp: float  # the largest error
    worst: Place | None
    first: Place | None  # the first value that is wrong or beyond the limit
    oracle: float  # the largest error of the oracle in ulp of float64, where it was held against Arb

    @property
    def values(self) -> int:
        """How many values there were."""
        return self.exact + self.flushed + sum(self.histogram) + self.wrong

    def __add__(self, other: "Tally") -> "Tally":  # type: ignore[override]
        worse = min(self, other, key=lambda each: (-each.ulp, each.worst or ()))
        return Tally(
            self.exact + other.exact,
            self.flushed + other.flushed,
            tuple(a + b for a, b in zip(self.histogram, other.histogram, strict=True)),
            self.wrong + other.wrong,
            self.beyond + other.beyond,
            worse.ulp,
            worse.worst,
            min(filter(None, (self.first, other.first)), default=None),
            max(self.oracle, other.oracle),
        )


NOTHING = Tally(0, 0, (0,) * LAST, 0, 0, 0.0, None, None, 0.0)


def checked(sweep: Sweep) -> Sweep:
    """The sweep, if it is one that can be made here.

    Raises
    ------
    ValueError
        An unknown subject, formula or dtype, or one that the subject does not have.
    """
    for what, name, names in (("--formula", sweep.formula, FORMULAS), ("--dtype", sweep.dtype, DTYPES)):
        if name not in names:
            raise ValueError(f"{what}: got {name!r}{wanted(name, names)}")
    if FORMULAS[sweep.formula].pairs and sweep.dtype != "float16":
        what = f"got {sweep.dtype!r} for the {sweep.formula}"
        raise ValueError(f"--dtype: {what}; wanted float16, whose pairs alone are swept")
    subject = loaded(sweep.subject, sweep.device)
    if sweep.dtype not in subject.dtypes:
        there = ", ".join(dtype for dtype in subject.dtypes if dtype in DTYPES)
        raise SubjectError(f"{sweep.subject}: it does not offer {sweep.dtype}; wanted one of {there}")
    function_of(subject, sweep.formula)
    if sweep.every < 1 or sweep.values < 16 or 2**32 % sweep.every:
        raise ValueError(f"--every: got {sweep.every}; wanted a power of two that leaves at least 16 values")
    return sweep


@functools.lru_cache(1)
def loaded(name: str, device: str | None) -> Subject:
    """The subject, which a process loads once."""
    return Subject(name, device, (*reference.FORMULAS, *FORMULAS))


def function_of(subject: Subject, formula: str) -> Callable[..., Array]:
    """The function as the formulas run it: under jit where the subject has such a variant, and else as it is.

    exp, log and sqrt are those of the library, unless the subject has its own. JAX compiles each of its own accord.
    """
    *_, function = None, *subject.functions(formula).values()
    if function is None and formula in ELEMENTARY:
        xp = array_namespace(subject.backend.asarray(np.zeros(1, np.float32)))
        function = getattr(special, formula) if hasattr(special, formula) else getattr(xp, formula)
    if function is None:
        raise SubjectError(f"{subject.name}: it has no {formula}; wanted a subject that does")
    return function  # type: ignore[no-any-return]


@functools.lru_cache(1)
def identity(sweep: Sweep) -> dict[str, Any]:
    """What a result depends on. A chunk is added only to chunks of the same identity."""
    subject = loaded(sweep.subject, sweep.device)
    file = Path(sweep.subject.partition(".py:")[0].removesuffix(".py") + ".py")
    return {
        "schema": SCHEMA_VERSION,
        "spec": spec.VERSION,
        "gaugeblock": version("gaugeblock"),
        "subject": sweep.subject,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None,
        "outputs": fingerprint(sweep),
        "device": sweep.device,
        "formula": sweep.formula,
        "dtype": sweep.dtype,
        **({"every": sweep.every} if sweep.every > 1 else {}),
        "chunk": sweep.chunk,
        "subnormals": subject.subnormals,
        "versions": {**subject.backend.versions(), "numpy": np.__version__},
        "machine": f"{platform.machine()} {simd()}".strip(),
    }


def fingerprint(sweep: Sweep) -> str:
    """What the function computes, as a number: the SHA-256 of its results on 2^16 fixed values.

    Code that has changed since gives another one, unless it differs on none of these.
    """
    subject, found = loaded(sweep.subject, sweep.device), hashlib.sha256()
    with subject.settings(sweep.dtype):
        for first in range(0, PATTERNS, BLOCK):
            got = results(sweep, subject, patterns(sweep, first))
            found.update(np.where(np.isnan(got), got.dtype.type(np.nan), got).tobytes())
    return found.hexdigest()


def patterns(sweep: Sweep, first: int) -> list[Array]:
    """A block of values that lie all over a dtype; with one w, where pairs are swept."""
    bits, swept = np.arange(first, first + BLOCK, dtype=np.uint64), FORMULAS[sweep.formula]
    if sweep.dtype == "float32":
        bits = (bits * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)
    values = of_bits(bits, sweep.dtype)
    return swept.given(values, of_bits(np.array([0x3555]), sweep.dtype)) if swept.pairs else swept.given(values)


def simd() -> str:
    """The widest instructions that NumPy found, by which its functions are chosen."""
    found = np.show_config(mode="dicts").get("SIMD Extensions", {}).get("found", [])
    return found[-1] if found else ""


def sweep_chunk(sweep: Sweep, wanted: dict[str, Any], number: int) -> tuple[int, Tally]:
    """The number of a chunk, and what was found in it.

    Raises
    ------
    ValueError
        The result would be of another identity than `wanted`, or the function fails.
    """
    here = identity(sweep)
    for key, value in wanted.items():
        if here[key] != value:
            raise ValueError(f"a worker on {platform.node()} has {key} {here[key]}; wanted {value}, as here")
    subject, tally = loaded(sweep.subject, sweep.device), NOTHING
    block = min(BLOCK, sweep.chunk)
    with subject.settings(sweep.dtype):
        for first in range(number * sweep.chunk, (number + 1) * sweep.chunk, block):
            tally += sweep_block(sweep, subject, first, block, check=first % sweep.chunk == 0)
    return number, tally


def sweep_block(sweep: Sweep, subject: Subject, first: int, count: int, check: bool) -> Tally:
    """What is found in `count` values from number `first` on."""
    given = arguments(sweep, first, count)
    got = results(sweep, subject, given)
    with np.errstate(all="ignore"):
        return compared(sweep, subject.subnormals == "flush", first, given, got, check)


def arguments(sweep: Sweep, first: int, count: int) -> list[Array]:
    """The values by their bits, or the pairs for one w and all x."""
    bits, swept = sweep.bits(np.arange(first, first + count)), FORMULAS[sweep.formula]
    if not swept.pairs:
        return swept.given(of_bits(bits, sweep.dtype))
    return swept.given(of_bits(bits % 2**16, sweep.dtype), of_bits(bits[:1] >> 16, sweep.dtype))


def of_bits(bits: Array, dtype: str) -> Array:
    return bits.astype(np.uint32 if dtype == "float32" else np.uint16).view(dtype)


def to_bits(values: Array) -> Array:
    return values.view(f"uint{8 * values.dtype.itemsize}")


def results(sweep: Sweep, subject: Subject, given: list[Array]) -> Array:
    """What the subject makes of the values."""
    function, asarray = function_of(subject, sweep.formula), subject.backend.asarray
    try:
        got = subject.backend.to_numpy(function(*map(asarray, given)))
    except Exception as error:
        reason = " ".join(str(error).split()) or "no reason given"
        raise SubjectError(f"{sweep.subject}: {sweep.formula} raised {type(error).__name__}: {reason}") from error
    if got.shape != given[0].shape[:1] or got.dtype != given[0].dtype:
        what = f"{got.dtype} and shape {got.shape}; wanted {given[0].dtype} and {given[0].shape[:1]}"
        raise SubjectError(f"{sweep.subject}: {sweep.formula} returned an array of dtype {what}")
    return got


def meaning(xp: Any, formula: str) -> Callable[..., Array]:
    """The formula on the arrays of a namespace: floating point, exact or bounded."""
    if formula in OTHERS:
        return functions.FUNCTIONS[formula].value if xp is np else functions.FUNCTIONS[formula]
    if formula in COMPOSED:
        return getattr(special if xp is np else functions, formula)  # type: ignore[no-any-return]
    if formula in ELEMENTARY:
        return getattr(xp, formula)  # type: ignore[no-any-return]
    return functools.partial(getattr(reference, formula), xp=xp)


def compared(sweep: Sweep, flush: bool, first: int, given: list[Array], got: Array, check: bool) -> Tally:
    """The tally of results, against the oracle."""
    model = MODELS[sweep.dtype]._replace(flush=flush)
    wide = [each.astype(np.float64) for each in given]
    y, g, x = meaning(np, sweep.formula)(*wide), got.astype(np.float64), wide[0].reshape(-1)

    exactly = specials(sweep.formula, x, y)  # the rest is compared by the error
    right = (g == y) | (np.isnan(g) & np.isnan(y))
    if FORMULAS[sweep.formula].signed:
        right &= (y != 0) | (np.signbit(g) == np.signbit(y))
    if (exactly & right).all():  # half of all values, for log and sqrt
        return NOTHING._replace(exact=len(y))
    wrong = np.where(exactly, ~right, np.isnan(g))
    if (infinite := np.isinf(g)).any():  # stands for the number that would come after the largest, and all beyond
        top = 2.0 ** (2 - model.exponent)
        y, g = np.where(infinite, np.clip(y, -top, top), y), np.clip(g, -top, top)
    error = np.abs(g - y) / spacing(y, model)
    error[exactly | wrong] = 0.0

    flushed = np.zeros(0, np.intp)
    if model.flushes:
        off = np.flatnonzero((error > 0.5) | wrong)
        flushed = off[is_flushed(sweep.formula, x[off], y[off], got[off], model)]
        error[flushed], exactly[flushed], wrong[flushed] = 0.0, True, False

    oracle = settle(sweep.formula, x, y, g, error, check, model) if sweep.formula in ELEMENTARY else 0.0
    other = exactly | wrong
    place, bits, mistakes = int(np.argmax(error)), to_bits(got), int(np.count_nonzero(wrong))
    over: Any = np.flatnonzero((error > sweep.limit) | wrong) if mistakes or error[place] > sweep.limit else ()
    off = error[(error > EDGES[0]) & ~other]
    bins = np.bincount(np.ceil(np.minimum(2 * off, LAST)).astype(np.intp), minlength=LAST + 1).tolist()
    return Tally(
        int(np.count_nonzero(exactly & ~wrong)) - len(flushed),
        len(flushed),
        (len(y) - int(np.count_nonzero(other)) - len(off), *bins[2:]),
        mistakes,
        beyond(sweep, given, over, got, model),
        min(float(error[place]), 2.0**1000),
        Place(first + place, int(bits[place])) if error[place] else None,
        Place(first + int(over[0]), int(bits[over[0]])) if len(over) else None,
        oracle,
    )


def settle(formula: str, x: Array, y: Array, g: Array, error: Array, check: bool, model: Model) -> float:
    """Replace the errors that are too near an edge, and the largest, by those in Arb; the largest error of the oracle.

    With `check`, some others are too.
    """
    doubled, width = 2 * error, 2 * FORMULAS[formula].oracle * 2.0 ** (model.precision - 52)
    edge = np.rint(doubled)
    places = np.flatnonzero((np.abs(doubled - edge) < width) & (edge > 0)).tolist()
    places = [place for place in places if edge[place] < LAST]
    if check:
        places += np.flatnonzero(error)[:: max(len(error) // CHECKED, 1)].tolist()
    oracle, settled = 0.0, set()
    while True:
        for place in places:
            if np.abs(y[place]) <= 2.0 ** (2 - model.exponent):
                error[place], off = certain(formula, x[place], y[place], g[place], model)
                oracle = max(oracle, off)
        settled.update(places)
        places = [int(np.argmax(error))]
        largest = float(np.max(error[list(settled)], initial=0.0))
        if places[0] in settled or error[places[0]] < max(SMALL, largest + width):  # acos is the same number for half
            return float(oracle)


def specials(formula: str, x: Array, y: Array) -> Array:
    """Which results are compared exactly: those that are no numbers of their own, and all where nothing is rounded."""
    if formula in ELEMENTARY:
        found = np.isnan(y)
        known = np.flatnonzero(np.isinf(x) | (x == ELEMENTARY[formula].exact_at) | (x == 0))
        found[known] |= np.floor(y[known]) == y[known]  # not the right angle that acos(0) is
        return found
    return ~np.isfinite(y) if FORMULAS[formula].limit else np.ones(y.shape, np.bool_)


def spacing(y: Array, model: Model) -> Array:
    """An ulp: the distance of numbers of the format at the one that is nearest to y."""
    # From (1 - u/2) 2^e on, 2^e is nearest. The exponent's bits alone are a power of two.
    power = ((np.abs(y) / (1 - model.unit / 2)).view(np.int64) & 0x7FF0000000000000).view(np.float64)
    return np.clip(power * (2 * model.unit), model.smallest_subnormal, 2.0 ** (1 - model.exponent) * (2 * model.unit))


def certain(formula: str, x: float, y: float, got: float, model: Model) -> tuple[float, float]:
    """The error of a result in ulp, rounded up, by Arb; and that of the oracle's y, in ulp of float64.

    Raises
    ------
    ArithmeticError
        The oracle is worse than assumed.
    """
    with exact.working_precision():
        (ball,) = meaning(exact, formula)(exact.lift([x], np.dtype(np.float64))).balls
        near = nearest(ball, model)
        if near is None:
            raise ArithmeticError(f"{formula}({x.hex()}): {exact.PRECISION} bits are not enough to decide on its ulp")
        ulp = float(spacing(np.asarray([near]), model)[0])
        error = (abs(arb(got) - ball) / arb(ulp)).upper()
        off = float((abs(arb(y) - ball) / arb(float(np.spacing(np.abs(y))))).upper())
        assumed = FORMULAS[formula].oracle
        if off > assumed and abs(y) > MODELS["float64"].smallest_normal:
            what = f"NumPy's {formula}({float(x).hex()}) in float64 is off by {off:g} ulp"
            raise ArithmeticError(f"{what}; assumed {assumed}")
        rounded = float(error)
        return (rounded if arb(rounded) >= error else float(np.nextafter(rounded, np.inf))), off


def is_flushed(formula: str, x: Array, y: Array, got: Array, model: Model) -> Array:
    """Which results are those of an arithmetic in which subnormal numbers count as 0."""
    operand = (np.abs(x) < model.smallest_normal) & (got == meaning(np, formula)(np.copysign(0.0, x)))
    slack = 1 + 2 * getattr(model, formula, 0) * model.unit  # it may have come out below the smallest normal number
    return operand | ((np.abs(y) <= model.smallest_normal * slack) & (got == 0))


def beyond(sweep: Sweep, given: list[Array], places: Any, got: Array, model: Model) -> int:
    """How many of the results in some places are further off than the bound that formulas charge for the operation."""
    if len(places) == 0:
        return 0
    chosen = [each[places] if len(each.shape) and len(each) == len(got) else each for each in given]
    allowed = meaning(bounded, sweep.formula)(*(bounded.lift(each, model, each.dtype) for each in chosen))
    g = got[places].astype(np.float64)
    return int(np.count_nonzero(~((np.abs(g - allowed.value) <= allowed.error) | (g == allowed.value))))


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
