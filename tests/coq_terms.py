"""The definitions in a file for Coq as Python functions: as much of its language as the rules of the bounds need.

Real numbers are mpmath's, natural numbers Python's, an expression of an inductive type a tuple: its constructor, then
its arguments. The model of a section is an argument that is left out.
"""

import re

import mpmath

COMMENT = re.compile(r"\(\*.*?\*\)", re.S)
DEFINITION = re.compile(r"^(?:Definition|Fixpoint) (\w+)((?: \([^()]*\))*)(?: : R)? :=\s(.*?)\.(?=\s)", re.M | re.S)
TOKEN = re.compile(r"\w+'*|:=|=>|[-+*/^()|]")
KEYWORDS = {"let", "in", "if", "then", "else", "fun", "match", "with", "end", ":=", "=>", ")", "|", *"+-*/^"}

STANDARD = {
    "Rabs": abs,
    "Rmax": max,
    "INR": mpmath.mpf,
    "exp": mpmath.exp,
    "ln": mpmath.log,
    "sqrt": mpmath.sqrt,
    "S": lambda n: n + 1,
    "O": 0,
    "sum_f_R0": lambda f, n: mpmath.fsum(f(i) for i in range(n + 1)),
    "Rlt_dec": lambda a, b: a < b,
    "Rle_dec": lambda a, b: a <= b,
    "Req_EM_T": lambda a, b: a == b,
    "le_dec": lambda a, b: a <= b,
}
MODEL = object()


def definitions(text, fields):
    """The definitions of a text by name, each a function or a number; `fields` are those of the model."""
    names = {**STANDARD, **fields, "M": MODEL}
    for name, binders, body in DEFINITION.findall(COMMENT.sub("", text)):
        if re.search(r"forall|exists|<=|/\\|\\/|fold_right|\{\|", body) or "list" in binders:
            continue  # a proposition, or about lists
        parameters = [each for group in re.findall(r"\(([^:]*):", binders) for each in group.split()]
        term = parsed(body)
        names[name] = function(parameters, term, names) if parameters else term(names)
    return names


def function(parameters, term, names):
    """A function of the parameters; a model before them is left out."""
    return lambda *given: term({**names, **dict(zip(parameters, given, strict=True))})


def parsed(text):
    """A term as a function of the names in it."""
    tokens = [*TOKEN.findall(text), "end"]
    term = Parser(tokens).term()
    assert len(tokens) == 1, f"not read: {tokens}"
    return term


class Parser:
    """Each method takes the tokens of what it is named for from the front, and returns a function of the names."""

    def __init__(self, tokens):
        self.tokens = tokens

    def next(self, *wanted):
        token = self.tokens.pop(0)
        assert not wanted or token in wanted, f"got {token}, wanted {wanted}"
        return token

    def is_next(self, *tokens):
        return self.tokens[0] in tokens

    def term(self):
        if self.is_next("let", "if", "fun", "match"):
            return getattr(self, f"{self.next()}_")()
        return self.sum()

    def let_(self):
        name, _ = self.next(), self.next(":=")
        value, _ = self.term(), self.next("in")
        rest = self.term()
        return lambda names: rest({**names, name: value(names)})

    def if_(self):
        condition, _ = self.term(), self.next("then")
        yes, _ = self.term(), self.next("else")
        no = self.term()
        return lambda names: yes(names) if condition(names) else no(names)

    def fun_(self):
        name, _ = self.next(), self.next("=>")
        body = self.term()
        return lambda names: lambda value: body({**names, name: value})

    def match_(self):
        what, _, branches = self.term(), self.next("with"), {}
        while not self.is_next("end"):
            if self.is_next("|"):
                self.next()
            constructor, variables = self.next(), []
            while not self.is_next("=>"):
                variables.append(self.next())
            self.next()
            branches[constructor] = variables, self.term()
        self.next()

        def value(names):
            found = what(names)
            if isinstance(found, int):
                found = ("S", found - 1) if found else ("O",)
            variables, branch = branches[found[0]]
            return branch({**names, **dict(zip(variables, found[1:], strict=True))})

        return value

    def sum(self):
        value = self.product()
        while self.is_next("+", "-"):
            value = combined(self.next(), value, self.product())
        return value

    def product(self):
        value = self.signed()
        while self.is_next("*", "/"):
            value = combined(self.next(), value, self.signed())
        return value

    def signed(self):
        if self.is_next("-", "/"):
            one = 0 if self.is_next("-") else 1
            return combined(self.next(), lambda names: mpmath.mpf(one), self.signed())
        base = self.application()
        return combined(self.next(), base, self.application()) if self.is_next("^") else base

    def application(self):
        called, arguments = self.atom(), []
        while self.tokens[0] not in KEYWORDS:
            arguments.append(self.atom())

        def value(names):
            result, given = called(names), [each(names) for each in arguments]
            given = [each for each in given if each is not MODEL]
            return result(*given) if given else result

        return value

    def atom(self):
        token = self.next()
        if token == "(":
            value, _ = self.term(), self.next(")")
            return value
        if token.isdigit():
            return lambda names: mpmath.mpf(int(token))
        return lambda names: names[token]


def combined(operation, a, b):
    """Two terms and the operation between them."""
    operations = {
        "+": lambda x, y: x + y,
        "-": lambda x, y: x - y,
        "*": lambda x, y: x * y,
        "/": lambda x, y: x / y,
        "^": lambda x, y: x ** int(y),
    }
    return lambda names: operations[operation](a(names), b(names))
