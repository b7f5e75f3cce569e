"""Outside a formula's own files no code compares the name of a formula, of a result or of an option."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from gaugeblock import reference, spec
from gaugeblock.conformance.formulas import FUNCTIONS, declared

ROOT = Path(__file__).parent.parent
DECLARED = [declared(name) for name in FUNCTIONS]
FORMULAS = {*reference.FORMULAS, *spec.formulas()}
RESULTS = {name for each in DECLARED for name in each.names}
OPTIONS = {name for each in DECLARED for name in list(each.parameters)[len(each.arguments) :]}
OPTIONS |= {name for each in DECLARED for name in each.hyper_parameters}
# What a comparison may take of a formula's name: some of its words, as '_vjp' and 'cross_entropy' are.
PARTS = {
    "_".join(words[first:last])
    for words in (name.split("_") for name in spec.formulas())
    for first in range(len(words))
    for last in range(first + 1, len(words) + 1)
} - {"from"}

METHODS = {"startswith", "endswith", "removesuffix", "removeprefix", "get", "pop", "setdefault", "index", "count"}

# The constructs that stay, by file and kind: how many, and why.
ALLOWED = {
    ("conformance/bench/peers.py", "dict"): (6, "which functions of other libraries compute which formula: data"),
    ("conformance/bench/peers.py", "subscript"): (2, "an entry of that data is made of another entry"),
    ("conformance/bench/optimizers.py", "dict"): (2, "which optimizers there are of a formula; PyTorch's key 'step'"),
    ("conformance/bench/optimizers.py", "subscript"): (1, "PyTorch's key 'step' of its own state"),
    ("conformance/tracing/from_torch.py", "call"): (1, "ATen's name of an operation, which is no formula's"),
    ("conformance/arithmetic/slopes.py", "dict"): (1, "the slopes of library functions, such as tanh: data"),
    ("conformance/arithmetic/numpy_calls.py", "dict"): (2, "NumPy's functions by their names, such as matmul: data"),
    ("conformance/sweep/tallies.py", "dict"): (2, "which functions are swept, and how each is compared: data"),
}


def constants(*nodes):
    """The strings in some nodes."""
    every = (each for node in nodes for each in ast.walk(node))
    return [each.value for each in every if isinstance(each, ast.Constant) and isinstance(each.value, str)]


def looked_at(node):
    """The kind of a construct that compares, and the strings that it compares with."""
    match node:
        case ast.Compare():
            return "comparison", constants(node)
        case ast.Call(func=ast.Attribute(attr=attr)) if attr in METHODS:
            return "call", constants(*node.args)
        case ast.Dict():
            return "dict", constants(*(key for key in node.keys if isinstance(key, ast.Constant)))
        case ast.Set():
            return "set", constants(*node.elts)
        case ast.Subscript(slice=ast.Constant()):
            return "subscript", constants(node.slice)
        case ast.MatchValue() | ast.MatchMapping():
            return "match", constants(node)
    return "", []


def is_name(text):
    """Whether a string is a name, a part of a formula's, or a label such as 'softmax.nan'."""
    formula, dot, label = text.partition(".")
    names = FORMULAS | RESULTS | OPTIONS
    return text in names or text.strip("_") in PARTS or (bool(dot) and formula in FORMULAS and label.isidentifier())


def comparisons(tree):
    """The kinds of the constructs that compare a name, outside functions that have the name of a formula."""
    found, waiting = [], [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef) and node.name in FORMULAS:
            continue  # a native kernel of that formula
        kind, texts = looked_at(node)
        if any(map(is_name, texts)):
            found.append((kind, node.lineno))
        waiting += ast.iter_child_nodes(node)
    return found


def is_own(path):
    """Whether a file belongs to one formula, or is one of the mutants that several share."""
    folder, stem = path.parent.name, path.stem
    if folder == "mutants":
        return stem not in ("__init__", "__main__", "matrix")
    return folder == "formulas" and stem.startswith(spec.formulas())


def test_no_code_compares_a_name_outside_a_formulas_own_files():
    counted, places = Counter(), []
    for folder in ("conformance", "backends", "worker", "src"):
        for path in sorted(ROOT.joinpath(folder).rglob("*.py")):
            if is_own(path) or path.parent.is_symlink():
                continue
            file = path.relative_to(ROOT).as_posix()
            for kind, line in comparisons(ast.parse(path.read_text())):
                counted[file, kind] += 1
                places.append(f"{file}:{line}: {kind}")
    assert counted == {place: count for place, (count, _) in ALLOWED.items()}, "\n".join(places)


@pytest.mark.parametrize(
    "code",
    [
        "formula == 'softmax'",
        "name != 'gx'",
        "'cross_entropy' in formula",
        "option not in ('axis', 'clip')",
        "requirement == 'softmax.nan'",
        "formula.startswith('sparse')",
        "formula.endswith('_vjp')",
        "formula.removesuffix('_vjp')",
        "formula.removeprefix('log_')",
        "options.get('epsilon', 0)",
        "options.pop('donate')",
        "results['theta']",
        "{'adam': 1}",
        "{'relu', 'neuron'}",
        "match formula:\n    case 'dense': pass",
    ],
)
def test_each_way_to_compare_is_found(code):
    assert len(comparisons(ast.parse(code))) == 1


@pytest.mark.parametrize(
    "code", ["kind == 'index'", "name.endswith('.py')", "getattr(module, formula.name)", "def softmax(x):\n    x['y']"]
)
def test_other_code_is_not(code):
    assert comparisons(ast.parse(code)) == []
