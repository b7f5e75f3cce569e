"""The command line, by ``python -m gaugeblock``."""

from gaugeblock.conformance.cli import main

main()
