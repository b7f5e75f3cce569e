"""How floating-point numbers are computed with in this thread: found by computing, so that it holds everywhere.

And with how many threads a library of matrix products computes, which it reads when it is loaded.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

THREADS = "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"

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


@contextmanager
def one_thread() -> Iterator[None]:
    """Let libraries that are loaded meanwhile have one thread, unless the user says how many: a case is small.

    Several would wait for each other in a loop, each on a core. What is started later has its own number.
    """
    missing = [name for name in THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(missing, "1"))
    try:
        yield
    finally:
        for name in missing:
            del os.environ[name]


def in_words(found: list[str]) -> str:
    """What is unusual, in words."""
    return " and ".join(WORDS[each] for each in WORDS if each in found)
