"""What is swept, and what was found."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..arithmetic import functions
from ..arithmetic.rounding import MODELS, Model

DTYPES = tuple(dtype for dtype in MODELS if dtype != "float64")  # which has too many values
ORACLE_ULP = 64
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


def of_bits(bits: Array, dtype: str) -> Array:
    return bits.astype(np.uint32 if dtype == "float32" else np.uint16).view(dtype)


def to_bits(values: Array) -> Array:
    return values.view(f"uint{8 * values.dtype.itemsize}")
