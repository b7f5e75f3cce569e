"""One thread for the matrix products of a process that computes what is expected.

The threads of OpenBLAS wait for each other in a loop. On two cores, a check of attention's gradient took half as long
again with two of them, and a second check four times as long. A machine of many cores starts one for each.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLES = "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"


@contextmanager
def one_thread() -> Iterator[None]:
    """Ask for one thread in the libraries that are loaded meanwhile, unless the environment says how many.

    They read it once. The subject's processes, which are started later, have as many threads as ever.
    """
    unnamed = [name for name in VARIABLES if name not in os.environ]
    os.environ.update(dict.fromkeys(unnamed, "1"))
    try:
        yield
    finally:
        for name in unnamed:
            del os.environ[name]
