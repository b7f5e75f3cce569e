"""The site's hook for formulas: those at the head of a page of the specification, written in text, become MathML.

The pages are read in terminals too, so the text is the source. No library converts this notation: asciimathml is long
unmaintained, and one that takes LaTeX would need a translation as long as this. The grammar, loosest first: relations
and sums, `a b / c d`, which is `(a b / c) d`, products by juxtaposition, `a/b` without spaces, `x_i^t`, and names,
numbers, brackets and calls. What is summed goes with its `sum_j`.
"""

import html
import re
from collections.abc import Iterator

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

GREEK = {"theta": "θ", "beta": "β", "epsilon": "ε", "omega": "ω"}
FUNCTIONS = {"diag", "exp", "log", "log_softmax", "max", "min", "softmax", "sqrt"}
WHOLE = {"learning_rate", "log_softmax"}  # names whose underscore is no index
OPERATORS = {
    "-": "&#x2212;",
    "<=": "&#x2264;",
    ">=": "&#x2265;",
    "<": "&lt;",
    ">": "&gt;",
    "+": "+",
    "=": "=",
    ",": ",",
}
SUMS = {"sum": "∑", "mean": "mean"}
THIN = '<mspace width="0.17em"/>'
STARTS = ("number", "name", "(", "[")  # of a factor
BRACKETS = {"(": ")", "[": "]", "{": "}"}
TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|([A-Za-z]+\d*(?:_[A-Za-z]+)?'?)|(<=|>=|[-+=<>,/^()\[\]{}_]))")
HEAD = re.compile(r"\A.*?(?=^\||^## )", re.M | re.S)  # of a page: what stands above its table
INLINE = re.compile(r"`([^`\n]* = [^`\n]*)`")
LINE = re.compile(r"(.*?=.*?)(?: {3,}(.*))?")
BLOCK = re.compile(r"(?:^ {4}.*\n)+", re.M)
PLACE = re.compile(r"(?:<p>)?FORMULA(\d+)X(?:</p>)?")


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put a mark in the place of each formula, since Markdown would read its underscores."""
    if not re.fullmatch(r"spec/(?!index)\w+\.md", page.file.src_uri):
        return markdown
    found: list[str] = page.meta.setdefault("formulas", [])

    def marked(text: str) -> str:
        found.append(text)
        return f"FORMULA{len(found) - 1}X"

    def of_block(block: re.Match[str]) -> str:
        return f"\n{marked(displayed(block[0]))}\n\n"

    head = HEAD.match(markdown)
    assert head
    shown = BLOCK.sub(of_block, head[0])
    shown = INLINE.sub(lambda code: marked(mathml(code[1])) if is_formula(code[1]) else code[0], shown)
    return shown + markdown[head.end() :]


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put the formulas where their marks are."""
    return PLACE.sub(lambda mark: page.meta["formulas"][int(mark[1])], content)


def is_formula(text: str) -> bool:
    """Whether code is a formula, not a call."""
    try:
        return bool(mathml(text))
    except ValueError:
        return False


def displayed(block: str) -> str:
    """An indented block: on each line a formula, and what the function is called, which may have a line of its own."""
    rows: list[list[str]] = []
    for line in block.splitlines():
        found = LINE.fullmatch(line.strip())
        rows += [[mathml(found[1], "block"), found[2] or ""]] if found else []
        if not found:
            rows[-1][1] += line.strip()
    cells = (f"<tr><td>{formula}</td><td><code>{html.escape(words)}</code></td></tr>" for formula, words in rows)
    return f'<table class="formulas" role="presentation">{"".join(cells)}</table>'


def mathml(text: str, display: str = "inline") -> str:
    """A formula as MathML; ValueError for text that is none."""
    reader = Reader(text)
    row = reader.row()
    if reader.peek():
        raise ValueError(f"no formula: {reader.peek()!r} closes nothing")
    return f'<math display="{display}" displaystyle="true">{row}</math>'


def tokens_of(text: str) -> Iterator[tuple[str, str, bool]]:
    """The kind and text of each token, and whether white space stands before it."""
    at, text = 0, text.rstrip()
    while at < len(text):
        found = TOKEN.match(text, at)
        if not found or not found.lastindex:
            raise ValueError(f"no formula: {text[at:]!r}")
        yield ("number", "name", "sign")[found.lastindex - 1], found[found.lastindex], found[0][:1].isspace()
        at = found.end()


def name(text: str) -> str:
    """A name: Greek by its letter, with what is below it, a hat and a prime."""
    plain = text.removesuffix("'")
    base, _, below = plain.partition("_")
    letters, digits = re.fullmatch(r"([A-Za-z]+)(\d*)", base).groups()  # type: ignore[union-attr]
    if plain in WHOLE:
        found = f"<mi mathvariant='normal'>{plain}</mi>"
    else:
        found = f"<mi>{GREEK.get(letters, letters)}</mi>"
        found = f"<mover><mrow>{found}</mrow><mo>^</mo></mover>" if below == "hat" else found
        under = digits or ("" if below == "hat" else below)
        kind = "mn" if digits else "mi" if len(under) < 3 else "mtext"
        found = f"<msub><mrow>{found}</mrow><{kind}>{under}</{kind}></msub>" if under else found
    return f"<msup><mrow>{found}</mrow><mo>&#x2032;</mo></msup>" if plain != text else found


def paren(sign: str) -> str:
    """A bracket, as high as a letter."""
    return f'<mo stretchy="false">{sign}</mo>'


class Reader:
    """Reads a formula from left to right; its methods take what they name, and return it as MathML."""

    def __init__(self, text: str) -> None:
        self.tokens, self.at = [*tokens_of(text)], 0

    def peek(self) -> str:
        """The next sign, or the kind of another token; nothing at the end."""
        kind, text, _ = self.tokens[self.at] if self.at < len(self.tokens) else ("", "", False)
        return text if kind == "sign" else kind

    def take(self, wanted: str = "") -> str:
        """The text of the next token."""
        if not self.peek() or (wanted and self.peek() != wanted):
            raise ValueError(f"no formula: {self.peek()!r} where {wanted or 'more'} should be")
        self.at += 1
        return self.tokens[self.at - 1][1]

    def row(self) -> str:
        """Quotients between operators, up to a closing bracket or the end."""
        parts = ""
        while self.peek() not in ("", *BRACKETS.values()):
            sign = self.peek() in OPERATORS
            parts += f"<mo>{OPERATORS[self.take()]}</mo>" if sign else self.quotient()
        if not parts:
            raise ValueError("no formula: nothing")
        return parts

    def quotient(self) -> str:
        """Products over one another, and what they are multiplied with."""
        found = self.product()
        while self.peek() == "/":
            self.take()
            found = f"<mfrac><mrow>{found}</mrow><mrow>{self.divisor()}</mrow></mfrac>"
            found += f"{THIN}{self.product()}" if self.peek() in STARTS else ""
        return found

    def divisor(self) -> str:
        """The factor below a line, which needs no brackets around it; of a sum, with what is summed."""
        before = self.at
        if self.peek() == "(":
            row = self.within()
            if self.peek() != "^":
                return row
            self.at = before
        return self.product() if self.is_sum() else self.factor()

    def within(self) -> str:
        """What stands in brackets, without these."""
        self.take("(")
        row = self.row()
        self.take(")")
        return row

    def is_sum(self) -> bool:
        """Whether a sum or a mean comes next."""
        return self.peek() == "name" and self.tokens[self.at][1].partition("_")[0] in SUMS

    def product(self) -> str:
        """Factors beside one another; a quotient that is written without spaces is one."""
        parts = [self.factor()]
        while self.peek() in STARTS or self.is_tight():
            if self.is_tight():
                self.take()
                parts.append(f"<mfrac><mrow>{parts.pop()}</mrow><mrow>{self.factor()}</mrow></mfrac>")
            else:
                parts.append(self.factor())
        return THIN.join(parts)

    def is_tight(self) -> bool:
        """Whether a stroke comes next, without a space before it."""
        return self.peek() == "/" and not self.tokens[self.at][2]

    def factor(self) -> str:
        """A number, a name, a sum, a call or a bracket, with its exponent."""
        kind, text = self.peek(), self.take()
        if kind == "number":
            found = f"<mn>{text}</mn>"
        elif kind in BRACKETS:
            found = self.bracket(text)
        elif kind == "name" and text.partition("_")[0] in SUMS:
            return self.sum(*text.partition("_")[::2])
        elif kind == "name" and self.peek() == "(" and text in FUNCTIONS:
            if text == "sqrt":
                return f"<msqrt>{self.within()}</msqrt>"
            return f"<mi>{text}</mi><mo>&#x2061;</mo>{self.bracket(self.take('('))}"
        elif kind == "name":
            found = name(text)
        else:
            raise ValueError(f"no formula: {text!r} where a factor should be")
        if self.peek() == "^":
            self.take()
            sign = "<mo>&#x2212;</mo>" if self.peek() == "-" and self.take() else ""
            found = f"<msup><mrow>{found}</mrow><mrow>{sign}{self.factor()}</mrow></msup>"
        return found

    def bracket(self, opened: str) -> str:
        """What stands in brackets, with these, which are round or square."""
        row, closed = self.row(), self.take(BRACKETS[opened])
        return row if opened == "{" else f"<mrow>{paren(opened)}{row}{paren(closed)}</mrow>"

    def sum(self, kind: str, index: str) -> str:
        """The sign of a sum or a mean, with its index or limits."""
        if index:
            return f"<munder><mo>{SUMS[kind]}</mo><mi>{index}</mi></munder>"
        limits = []
        for sign in "_^":
            self.take(sign)
            limits.append(f"<mrow>{self.bracket(self.take('{'))}</mrow>")
        return f"<munderover><mo>{SUMS[kind]}</mo>{''.join(limits)}</munderover>"
