"""What a command measured, written into README.md between the command's marks."""

from collections.abc import Iterable
from pathlib import Path

README = Path(__file__).parent / "README.md"


def write(name: str, command: str, text: str) -> None:
    """Replace the block `name`, which `command` makes; the file is replaced whole."""
    start, end = f"<!-- {name}: {command} -->\n", f"<!-- end of {name} -->\n"
    before, rest = README.read_text().split(start)
    new = README.with_suffix(".new")
    new.write_text(f"{before}{start}\n{text}\n{end}{rest.split(end)[1]}")
    new.replace(README)


def table(head: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """A table in Markdown."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"
