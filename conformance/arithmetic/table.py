"""The table of functions that bounds assume an accuracy of: `python -m gaugeblock.conformance.arithmetic.table`."""

from . import functions, pairs
from .rounding import MODELS, OF_ANYBODY

SOFTPLUS = "max(x, y) + log1p(exp(-abs(x - y))); of softplus log1p(exp(x)) too"
XLA = "NumPy 2.6, PyTorch 1.0, XLA 6.2"
SWEPT = "[every float32](accuracy.md)"


def rows() -> list[tuple[str, ...]]:
    """Function, how far its argument's error reaches, the accuracy in ulp of float32 and float64, and its source."""
    single, double = MODELS["float32"], MODELS["float64"]
    own = [
        ("exp", "e^x (e^e - 1)", single.exp, double.exp, SWEPT),
        ("expm1", "e^x (e^e - 1)", *(dict(OF_ANYBODY[name])["expm1"] for name in ("float32", "float64")), XLA),
        ("log", "-log(1 - e / x)", single.log, double.log, SWEPT),
        ("sqrt", "sqrt(x) - sqrt(x - e)", single.sqrt, double.sqrt, SWEPT),
    ]
    table = [(name, each.reach, *each.ulp, each.source) for name, each in functions.FUNCTIONS.items()]
    two = {
        "pow": "x^y (exp(y dlog x + log(x) f) - 1); whole exponents up to 16 by products too",
        "hypot": "hypot(e, f)",
        "atan2": "asin(hypot(e, f) / hypot(x, y)); 2 pi where it may jump",
    }
    composed = [
        ("erfc", "e 2/sqrt(pi) exp(-x^2) at the near end", *functions.ERFC_ULP, "and 2 u x^2; CUDA 4"),
        ("sigmoid", "e s(x) (1 - s(x)) at the near end", "-", "-", "exp, an addition and a division, either way"),
        ("softplus, logaddexp", "of max, exp and log1p", "-", "-", SOFTPLUS),
        ("rsqrt", "of sqrt and a division", "-", "-", "1 / sqrt(x)"),
    ]
    pair = [(name, two[name], *ulp, source) for name, (ulp, source) in pairs.SOURCES.items()]
    return [tuple(map(str, row)) for row in (*own, *table, *pair, *composed)]


def table() -> str:
    """The table in Markdown."""
    head = ("function", "an error e of x reaches", "ulp, float32", "float64", "source")
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows()))


if __name__ == "__main__":
    print(table())
