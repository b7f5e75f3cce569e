"""The command line, by ``python -m gaugeblock.conformance.cli``."""

from . import main

main()
