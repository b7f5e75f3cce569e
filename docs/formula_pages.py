"""The site's hook for the pages of formulas, and for tables of verdicts.

A page of the specification gets what other files know of its formula: signature, gauge and definition. A requirement
becomes a section, so that the search finds it by its label. A verdict in a table gets a class, which has a colour.
"""

import html
import re
from pathlib import Path
from typing import NamedTuple

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from gaugeblock.conformance.formulas import functions_of

ROOT = Path(__file__).parent.parent
REQUIREMENT = re.compile(r"^- \*\*(\w+\.\w+)\*\*(?: \(([^)]*)\))?: (.*)$", re.M)
VERDICT = re.compile(r"<td([^>]*)>((?:<strong>)?(fails|conforms|(\d+) of (\d+)))\b")
EMPTY = re.compile(r"<th[^>]*>\s*</th>")
WIDE = re.compile(r"<table>(?=\s*<thead>\s*<tr>(?:\s*<t[hd].*?</t[hd]>){9})")  # whose heads are written upwards
DIALOG = 'data-md-component="search" role="dialog"'  # of the theme, without a name


class Judged(NamedTuple):
    """What docs/libraries.md says of a formula in one dtype."""

    library: str
    dtype: str
    ratio: float
    conforms: bool


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Give the page of a formula its signature, its gauge and its definition; make its requirements sections."""
    found = re.fullmatch(r"spec/(?!index)(\w+)\.md", page.file.src_uri)
    if not found:
        return markdown
    head, _, rest = markdown.partition("## Requirements\n")
    rest = REQUIREMENT.sub(section, rest)
    definition = (ROOT / f"spec/{found[1]}.py").read_text(encoding="utf-8")
    return (
        f"{head}{signature(found[1])}{gauge(found[1])}## Requirements\n{rest}\n"
        f"## Definition over the reals\n\n```python\n{definition}```\n"
    )


def section(requirement: re.Match[str]) -> str:
    """A requirement under a heading, with its label as the address."""
    label, history, text = requirement.groups()
    since = f" *({history})*" if history else ""
    return f"### {label} {{ #{label} .requirement }}\n\n{text}{since}\n"


def signature(formula: str) -> str:
    """The functions of a formula, as the page of signatures has them."""
    own = {each.name: each.function for each in functions_of(formula)}
    lines = (ROOT / "docs/signatures.md").read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if (found := re.match(r"\| `(\w+)\(", line)) and found[1] in own]
    head = ["| function | axes of the arguments and the results |", "| --- | --- |"]
    api = (f"[{name}](../reference#{each.__module__}.{name})" for name, each in own.items())
    text = f"What the letters mean is said with [all signatures](../docs/signatures.md). Examples: {', '.join(api)}."
    return "\n".join(["## Signature\n", *head, *table, "", text, "", ""])


def judged(formula: str) -> list[Judged]:
    """The verdicts on the libraries that have a formula."""
    page, found = (ROOT / "docs/libraries.md").read_text(encoding="utf-8"), []
    for part in page.split("\n## ")[1:]:
        library = part.partition("\n")[0]
        rows = re.findall(rf"^\| {formula} \| (\w+) \| (\S+) \| (\S+) \|", part, re.M)
        found += [Judged(library, dtype, float(ratio), word == "conforms") for dtype, ratio, word in rows]
    return found


def gauge(formula: str) -> str:
    """For each library a line from 0 to 1, with a dot for each dtype; a cross behind the line's end fails."""
    found = judged(formula)
    if not found:
        return "## Gauge\n\nNo library was judged by this formula so far. `gaugeblock check` judges a backend.\n\n"
    rows = ""
    for library in dict.fromkeys(each.library for each in found):
        own = [each for each in found if each.library == library]
        words = ", ".join(
            f"{each.dtype} {each.ratio:.2g}" if each.conforms else f"<strong>{each.dtype} fails</strong>"
            for each in own
        )
        rows += f"<tr><th scope='row'>{html.escape(library)}</th><td>{strip(own)}</td><td>{words}</td></tr>"
    return (
        "## Gauge\n\nThe largest error / bound of each library and dtype. The line ends at 1: what is beyond does not "
        "conform. [What libraries do](../docs/libraries.md) has the whole.\n\n<table class='gauge'><thead><tr>"
        f"<th>library</th><th>0 to 1</th><th>error / bound</th></tr></thead><tbody>{rows}</tbody></table>\n\n"
    )


def strip(found: list[Judged]) -> str:
    """The line of one library; its words stand beside it."""
    marks = ""
    for number, each in enumerate(found):
        at = 6 + 150 * each.ratio if each.conforms else 172 + 12 * number
        cross = f"M{at - 4} 6l8 8m0 -8l-8 8"
        marks += f"<circle cx='{at:.1f}' cy='10' r='4'/>" if each.conforms else f"<path class='beyond' d='{cross}'/>"
    line = "<path class='scale' d='M6 10H156'/><path class='end' d='M156 2V18'/>"
    return f"<svg viewBox='0 0 226 20' width='226' height='20' aria-hidden='true'>{line}{marks}</svg>"


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Give verdicts their classes and wide tables theirs, and make cells of heads that say nothing."""
    content = EMPTY.sub("<td></td>", content)
    content = VERDICT.sub(coloured, content)
    return WIDE.sub('<table class="wide">', content)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Give the theme's dialog the name that it lacks."""
    return output.replace(DIALOG, f'{DIALOG} aria-label="Search"')


def coloured(cell: re.Match[str]) -> str:
    """A cell with the class of its verdict: good, bad, or of both."""
    attributes, text, word, some, every = cell.groups()
    if some is None:
        kind = "good" if word == "conforms" else "bad"
    else:
        kind = "good" if some == every else "mixed" if int(some) else "bad"
    return f'<td class="{kind}"{attributes}>{text}'
