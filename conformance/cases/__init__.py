"""Cases that are made from a formula's declaration: kinds of input that no formula alone would think of.

A case is compact, a few rows and columns that matter, and is spread to the shape in question. See `spread`.
"""

from .all_kinds import made as made
from .build import Made as Made
