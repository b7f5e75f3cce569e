"""The gauge for neural-network arithmetic.

The formulas are here on the backend that the environment variable ``GAUGEBLOCK_BACKEND`` names
(``numpy`` if it names none), as in ``import gaugeblock as gb; gb.softmax(x)``. ``gaugeblock.backends``
has the others, ``gaugeblock.conformance`` judges an implementation, ``gaugeblock.spec`` holds the pages.
"""

import os
from typing import TYPE_CHECKING

from . import backends as backends
from . import reference as reference
from .reference import FORMULAS as FORMULAS
from .reference import AdamState as AdamState

if TYPE_CHECKING:
    from .reference import *  # noqa: F403

__version__ = "0.1.0"

backend = backends.load(os.environ.get("GAUGEBLOCK_BACKEND") or "numpy")
globals().update({name: getattr(backend, name) for name in FORMULAS})
