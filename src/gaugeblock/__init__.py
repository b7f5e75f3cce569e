"""The gauge for neural-network arithmetic.

The formulas are here on the backend that the environment variable ``GAUGEBLOCK_BACKEND`` names
(``numpy`` if it names none), as in ``import gaugeblock as gb; gb.softmax(x)``. ``gaugeblock.backends``
has the others, ``gaugeblock.conformance`` judges an implementation, ``gaugeblock.spec`` holds the pages.
"""

import os
import sys
from typing import TYPE_CHECKING

from . import backends as backends
from . import reference as reference
from .reference import FORMULAS as FORMULAS
from .reference import AdamState as AdamState

if TYPE_CHECKING:
    from .reference import *  # noqa: F403

__version__ = "0.3.0"

try:
    backend = backends.load(os.environ.get("GAUGEBLOCK_BACKEND") or "numpy")
    globals().update({name: getattr(backend, name) for name in FORMULAS})
except (ImportError, ValueError):
    # The command line names its backends itself, and has errors of one line.
    if os.path.basename(sys.argv[0]) != "gaugeblock":
        raise
