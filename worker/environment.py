"""How floating-point numbers are computed with in this thread: found by computing, so that it holds everywhere."""

WORDS = {
    "flush": "flushes subnormal results",
    "daz": "takes subnormal arguments for 0",
    "rounding": "does not round to nearest",
}


def environment(
    smallest: float = 2.2250738585072014e-308, least: float = 5e-324, one: float = 1.0, small: float = 2.0**-54
) -> list[str]:
    """What is unusual, by the keys of `WORDS`; empty where the arithmetic is that of IEEE 754's default.

    The numbers are arguments since Python computes with constants when it compiles.
    """
    found = []
    if smallest * 0.5 == 0.0:
        found.append("flush")
    if least * 4503599627370496.0 == 0.0:
        found.append("daz")
    if one + small != one or -one - small != -one or one - small / 2 != one:
        found.append("rounding")
    return found


def in_words(found: list[str]) -> str:
    """What is unusual, in words."""
    return " and ".join(WORDS[each] for each in WORDS if each in found)
