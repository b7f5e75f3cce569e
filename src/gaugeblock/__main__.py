"""The command line, by ``python -m gaugeblock``."""

import sys

from gaugeblock.worker.one_thread import one_thread


def main() -> None:
    """Run the command line, whose modules take a moment to load."""
    try:
        with one_thread():
            from gaugeblock.conformance.cli import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
