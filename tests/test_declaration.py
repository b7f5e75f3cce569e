"""The declaration of a formula: the grammar of its signature, and what it refuses."""

import functools
import inspect
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugeblock import reference
from gaugeblock.conformance import assert_conforms, assert_gauged, check
from gaugeblock.conformance.cases.behaviour import behaviour
from gaugeblock.conformance.formulas import FUNCTIONS, declared
from gaugeblock.conformance.formulas.axes import axis_names, links
from gaugeblock.reference.declaration import declaration_of, formula, lengths_by_letter, parse, shape_of

AXES = st.lists(st.sampled_from([*"abmnkxyz", "2h", "9k"]), max_size=4).map(tuple)
GROUPS = st.tuples(st.booleans(), AXES).map(lambda pair: (("...",) if pair[0] else ()) + pair[1])


def written(group, space):
    if group and isinstance(group[0], tuple):
        return f"({f',{space}'.join(written(each, space) for each in group)})"
    return f"({f',{space}'.join(group)})"


@given(
    st.lists(GROUPS | st.lists(GROUPS, min_size=1, max_size=3).map(tuple), min_size=1, max_size=4),
    st.sampled_from(["", " "]),
)
def test_a_signature_is_read_as_it_is_written(groups, space):
    side = f",{space}".join(written(group, space) for group in groups)
    found = parse(f"{side}{space}->{space}{side}")
    assert found.arguments == found.results == tuple(groups)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("(n)", "with 0 arrows"),
        ("(n) -> (n) -> (n)", "with 2 arrows"),
        ("n -> n", "with no group such as"),
        ("-> (n)", "with no group such as"),
        ("(n) ->", "with no group such as"),
        ("(n) (n) -> (n)", "with a comma missing"),
        ("(nm) -> (n)", "with a comma missing"),
        ("(n),, (n) -> (n)", "with nothing after a comma"),
        ("(n), -> (n)", "with nothing after a comma"),
        ("(n)) -> (n)", "with a ')' too many"),
        ("((n) -> (n)", "with a ')' missing"),
        ("(N) -> (N)", "with 'N' in it"),
        ("(n, ...) -> (n)", "with the group (n, ...)"),
        ("(n, (m)) -> (n)", "with the group (n, (m))"),
        ("(n) -> (m)", "whose result has 'm', which no argument has"),
        ("(n?), (n) -> (n)", "with both 'n' and 'n?'"),
        ("(n?), (2n) -> (n)", "with both '2n' and 'n?'"),
        ("(2n?) -> (2n)", "with '?' in it"),
        ("(1n) -> (n)", "with a comma missing"),
        ("(12n) -> (n)", "with a comma missing"),
        ("(0) -> ()", "with '0' in it"),
        ("(2n) -> (2m)", "whose result has 'm', which no argument has"),
    ],
)
def test_what_is_no_signature_is_one_line(text, problem):
    with pytest.raises(ValueError, match="signature: got ") as caught:
        parse(text)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


class Momentum(NamedTuple):
    step: int
    velocity: Any

    def of(self, x):
        return x


def double(x, factor=2.0):
    return x * factor


@pytest.mark.parametrize(
    ("signature", "keywords", "message"),
    [
        ("(n), (n), (n) -> (n)", {}, r"double: signature: got .*; wanted 1 groups before the arrow"),
        ("(n) -> (n)", {"domain": ("positive",)}, "double: domain: got 'positive'; wanted real, logit"),
        ("(n) -> (n)", {"domain": ("real", "real")}, "double: domain: got 2; wanted 1"),
        ("(n) -> (n)", {"results": ("a", "b")}, "double: results: got 2 names; wanted 1"),
        ("(n) -> (n)", {"half": "never"}, "double: half: got 'never'; wanted 'each' or 'once'"),
        ("(n) -> (n)", {"options": {"beta": (1,)}}, "double: options: got 'beta'; wanted one of factor"),
        ("(n) -> (n)", {"options": {"x": (1,)}}, "double: options: got 'x'; wanted one of factor"),
        ("(n) -> (n)", {"options": {"factor": 0.5}}, "double: options: got 0.5 for factor; wanted a tuple"),
        ("(n) -> (n)", {"options": ["factor"]}, "double: options: got list; wanted a dict such as"),
        ("(n) -> (n)", {"domain": "real"}, r"double: domain: got 'real'; wanted a tuple such as"),
        ("(n) -> (n)", {"domain": ("[0, 1]",)}, r"double: domain: got '\[0, 1\]' for an argument with axes"),
        ("(n), () -> (n)", {"domain": ("real", "[1, 0)")}, r"double: domain: got '\[1, 0\)'; wanted a range with"),
        ("(n), () -> (n)", {"domain": ("real", "[a, b)")}, r"double: domain: got '\[a, b\)'; wanted a range with"),
        ("(n), () -> (n)", {"domain": ("real", "(1, 1]")}, r"double: domain: got '\(1, 1\]'; wanted a range with"),
        ("(n), (n) -> (n)", {"domain": ("real", "index")}, "double: domain: got 'index'; wanted an axis of another"),
        ("(n) -> (n)", {"results": "y"}, r"double: results: got 'y'; wanted a tuple of names"),
        ("(n) -> (n), (n)", {"results": ("a", "a")}, "double: results: got .*; wanted names, each another one"),
        ("(n) -> (n)", {"forms": [abs]}, "double: forms: got .*; wanted a dict of functions by name"),
        ("(n) -> (n)", {"definition": "x"}, "double: definition: got 'x'; wanted a function"),
        ("(n) -> (n)", {"open": True}, "double: open: got True; wanted a function"),
        ("(n) -> (n)", {"library": "tensorflow"}, "double: library: got 'tensorflow'; wanted 'torch' or 'jax'"),
        ("(n) -> (n)", {"page": 3}, "double: page, since: got 3; wanted a str"),
        ("((n), (n)) -> (n)", {}, "double: signature: got .*; wanted the state among the results too"),
        ("((n), (n)), ((n), ()) -> (n)", {}, "double: signature: got .*; wanted at most one state"),
        ("((n), ((n), ())) -> (n)", {}, "double: signature: got .*; wanted at most one state"),
        ("((n), ()) -> ((n), ())", {}, "double: results: got 'y' for a state; wanted a tuple of 2 names"),
        (
            "((n), ()) -> ((n), ())",
            {"results": (("a", "b"),), "domain": (("real",),)},
            r"double: domain: got \('real',\) for a state; wanted a tuple of 2",
        ),
    ],
)
def test_a_declaration_that_does_not_fit_is_one_line(signature, keywords, message):
    with pytest.raises(ValueError, match=message):
        formula(signature, **keywords)(double)


async def later(x):
    return x


def one_by_one(x):
    yield x


@pytest.mark.parametrize("function", [later, one_by_one])
def test_a_function_that_returns_no_arrays_itself_is_one_line(function):
    with pytest.raises(TypeError, match=r"got '\w+' \(function\); wanted a function .* without async and yield"):
        formula("(n) -> (n)")(function)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x, *, axis=-1: x, r"<lambda>: signature: got .* and a keyword axis; wanted a letter"),
        (lambda x, *, scale: x, r"<lambda>: signature: got scale, a keyword without a default"),
        (lambda x, *, scale=float("nan"): x, "<lambda>: options: got nan, the default of scale; wanted a number"),
    ],
)
def test_keywords_that_do_not_fit_are_one_line(function, message):
    with pytest.raises(ValueError, match=message):
        formula("(...) -> (...)")(function)


@pytest.mark.parametrize("function", [3, abs, Momentum(0, 0).of])
def test_what_cannot_be_declared_is_one_line(function):
    with pytest.raises(TypeError, match=r"formula: got .*; wanted a function that is defined in Python"):
        formula("(...) -> (...)")(function)


@pytest.mark.parametrize("signature", [None, b"(...) -> (...)", double])
def test_a_decorator_without_a_signature_is_one_line(signature):
    with pytest.raises(TypeError, match=r"formula: got \w+; wanted a signature, such as @formula\("):
        formula(signature)


def test_a_declaration_is_not_copied_to_another_function():
    @formula("(...) -> (...)")
    def triple(x):
        return 3 * x

    wrapped = functools.wraps(triple)(lambda x: 2 * triple(x))
    assert declaration_of(triple) is not None
    assert declaration_of(wrapped) is None
    assert declared(wrapped).signature is None


def test_the_function_itself_is_returned():
    def triple(x):
        return 3 * x

    assert formula("(...) -> (...)")(triple) is triple
    assert declaration_of(triple).signature.text == "(...) -> (...)"
    assert declaration_of(double) is None


def test_every_reference_function_but_adams_beginning_is_declared():
    assert set(reference.FORMULAS) - set(FUNCTIONS) == {"adam_init", "sgd_init"}
    for name in FUNCTIONS:
        found = declared(name)
        kinds = [p.kind for p in inspect.signature(found.function).parameters.values()]
        positional = [kind for kind in kinds if kind is not inspect.Parameter.KEYWORD_ONLY]
        assert len(found.domain) == len(found.arguments) == len(positional), name
        assert found.definition is not None


def test_products_are_where_an_axis_of_two_real_arguments_is_summed():
    assert {name.removesuffix("_vjp") for name in FUNCTIONS if declared(name).products} == {
        "dense",
        "matmul",
        "neuron",
        "scaled_dot_product_attention",
    }


def test_a_state_has_counts_and_arguments_that_go_on():
    adam = declared("adam_step")
    assert (adam.state, adam.counts, adam.carried) == ("state", ("step",), ("theta", "state"))
    assert adam.names == ("theta", "step", "m", "v")
    assert adam.wanted == "(theta, state), the state with step, m, v"


def test_anybodys_state_is_taken_apart_and_put_together():
    @formula(
        "(...), (...), ((), (...)) -> (...), ((), (...))",
        domain=("real", "real", ("count", "real")),
        results=("theta", ("step", "velocity")),
    )
    def momentum(theta, grad, state, *, learning_rate=0.1):
        velocity = state.velocity - learning_rate * grad
        return theta + velocity, Momentum(state.step + 1, velocity)

    found = declared(momentum)
    assert found.named(momentum(1.0, 0.5, Momentum(0, 0.0))) == {"theta": 0.95, "step": 1, "velocity": -0.05}
    theta, state = found.returned({"theta": 1.0, "step": 1, "velocity": 2.0})
    assert (theta, state.step, state.velocity) == (1.0, 1, 2.0)
    with pytest.raises(ValueError, match="zip"):
        found.named((1.0, (1, 2, 3)))


def test_axes_are_named_from_the_last_one_on():
    assert axis_names(("...", "n"), 3) == ("...1", "...0", "n")
    assert axis_names(("...", "n"), 3, axis=0) == ("n", "...1", "...0")
    assert axis_names(("...", "n"), 3, axis=-2) == ("...1", "n", "...0")
    assert axis_names(("n",), 0) == ()


def over_reals(x):
    """y_i = x_i x_(i+h), of 2 h numbers."""
    h = len(x) // 2
    return [x[i] * x[i + h] for i in range(h)]


def halves(x):
    h = x.shape[-1] // 2
    return x[..., :h] * x[..., h:]


def test_an_axis_is_a_multiple_of_another():
    found = parse("(..., 2h), (h) -> (3h)")
    assert found.arguments == (("...", "2h"), ("h",))
    assert found.multiplied == {"h"}
    assert shape_of(("...", "2h", "n"), {"...": 7, "h": 4, "n": 5}) == (7, 8, 5)
    assert lengths_by_letter(("...", "2h", "n"), (7, 8, 5)) == {"...": 7, "h": 4, "n": 5}
    own = declared(formula("(..., 2h) -> (..., h)")(halves))
    assert links(own)["y"] == {"x": {"h"}}  # whatever the NaN in one place says of the others
    assert behaviour(own) == {"...": "apart", "h": "mixed"}
    assert not declared(formula("(2h, k), (h, k) -> (h, k)")(lambda a, b: a[::2] * a[1::2] * b)).products


@pytest.mark.whole
def test_a_formula_of_halves_is_judged():
    """What takes pairs in the place of halves is told by made cases; a long call is cut into blocks of rows."""
    gate = formula("(..., 2h) -> (..., h)", definition=over_reals)(halves)
    right = SimpleNamespace(__name__="right", halves=halves)
    wrong = SimpleNamespace(__name__="wrong", halves=lambda x: x[..., ::2] * x[..., 1::2])
    assert check(right, formulas=[gate], dtypes=["float32"]).passed
    assert not check(wrong, formulas=[gate], dtypes=["float32"]).passed
    x = np.random.default_rng(0).normal(size=(20000, 64)).astype(np.float32)
    assert_conforms(halves(x), gate, x)
    with pytest.raises(ValueError, match="wanted"):
        assert_gauged(halves, gate, x)


def test_what_an_element_depends_on_is_found():
    assert links(declared("softmax"))["y"] == {"x": {"n"}}
    assert links(declared("dense"))["y"] == {"x": {"n"}, "w": {"n"}, "b": set()}
    assert links(declared("dense_vjp")) == {
        "gx": {"w": {"m"}, "g": {"m"}},
        "gw": {"x": {"..."}, "g": {"..."}},
        "gb": {"g": {"..."}},
    }
