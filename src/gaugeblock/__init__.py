"""The gauge for neural-network arithmetic.

The formulas are here on the backend that the environment variable ``GAUGEBLOCK_BACKEND`` names
(``numpy`` if it names none), as in ``import gaugeblock as gb; gb.softmax(x)``. ``gaugeblock.backends``
has the others, ``gaugeblock.conformance`` judges an implementation, ``gaugeblock.spec`` holds the pages.
"""

import os
from typing import TYPE_CHECKING

from . import backends, reference
from .reference import FORMULAS

if TYPE_CHECKING:
    from .reference import *  # noqa: F403

__all__ = ["backend", "backends", "reference"]
__version__ = "0.1.0"

backend = backends.load(os.environ.get("GAUGEBLOCK_BACKEND") or "numpy")
globals().update({name: getattr(backend, name) for name in FORMULAS})
__all__ += FORMULAS  # noqa: PLE0605
