"""The report in the README: `python examples/report.py` judges the README's softmax and writes what the command prints.

Of the requirements that fail one is shown; '...' stands for the others. Long lines are wrapped.
"""

import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"
COMMAND = "gaugeblock check mykernels.py --formula softmax --dtype float32"
START, END = "<!-- report: python examples/report.py -->", "<!-- end of report -->"
SUBJECT = re.compile(r"^```python\n(# mykernels[.]py\n.*?)^```", re.M | re.S)
SHOWN = "FAIL softmax.shift"
WIDTH, LABEL = 110, 12
LABELLED = re.compile(r"  \w+ {2,}")


def printed(subject: str) -> list[str]:
    """The lines that the command prints on a file that holds `subject`."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "mykernels.py").write_text(subject)
        command = [sys.executable, "-m", *COMMAND.split()]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout.splitlines()


def shortened(lines: list[str]) -> list[str]:
    """The lines as the README has them: the table, one failure, the diagnosis and the verdict."""
    failures = [number for number, line in enumerate(lines) if line.startswith("FAIL")]
    start = next(number for number in failures if lines[number].startswith(SHOWN))
    diagnosis = next(number for number, line in enumerate(lines) if line.startswith("MOST LIKELY"))
    end = min(number for number in (*failures, diagnosis) if number > start)
    verdict = next(line for line in reversed(lines) if line.startswith("mykernels.py "))
    shown = [*map(str.rstrip, lines[: failures[0]]), "...", *lines[start:end], "...", lines[diagnosis], verdict]
    return [part for line in shown for part in (wrapped(line) if len(line) > WIDTH else [line])]


def wrapped(line: str) -> list[str]:
    """The line on several, as a terminal has it: what follows stands under what a label says, or under the sentence."""
    indent = LABEL if LABELLED.match(line) else 2
    return textwrap.wrap(line, WIDTH, subsequent_indent=" " * indent, break_long_words=False)


def main() -> None:
    """Write the block."""
    page = README.read_text()
    subject = SUBJECT.search(page)
    assert subject
    before, rest = page.split(START)
    text = "\n".join(line.rstrip() for line in shortened(printed(subject[1])))
    README.write_text(f"{before}{START}\n\n```text\n$ {COMMAND}\n{text}\n```\n\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()
