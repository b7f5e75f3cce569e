"""Axes of a fixed length, such as the 3 of a point: anybody's formula of vectors, small matrices and whole modules."""

import types

import numpy as np
import pytest
import torch

from gaugeblock import formula
from gaugeblock.conformance import assert_conforms, check
from gaugeblock.conformance.cases import made
from gaugeblock.conformance.cases.draw import unpack
from gaugeblock.conformance.formulas import declared
from gaugeblock.conformance.judging.subject import Subject
from gaugeblock.conformance.suite.properties import check_property
from gaugeblock.reference.signature import lengths_by_letter, letters, parse, shape_of

pytestmark = pytest.mark.whole


@formula("(..., 3), (..., 3) -> (..., 3)")
def cross(a, b):
    (x, y, z), (u, v, w) = ([each[..., i] for i in range(3)] for each in (a, b))
    return np.stack([y * w - z * v, z * u - x * w, x * v - y * u], axis=-1)


@formula("(..., 3, 3), (..., n, 3) -> (..., n, 3)")
def rotate(r, x):
    return x @ np.swapaxes(r, -1, -2)


@formula("(..., n), (n, 2) -> (..., 2)")
def head(x, w):
    return x @ w


@formula("(..., n) -> (..., 2)")
def mean_and_variance(x):
    return np.stack([np.mean(x, axis=-1), np.var(x, axis=-1)], axis=-1)


@formula("(..., 10) -> (..., 10)", domain=("logit",))
def softmax(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


@formula("(..., 3, 3) -> (...)")
def determinant(a):
    def minor(i, j):
        return a[..., 1, i] * a[..., 2, j] - a[..., 1, j] * a[..., 2, i]

    return a[..., 0, 0] * minor(1, 2) - a[..., 0, 1] * minor(0, 2) + a[..., 0, 2] * minor(0, 1)


@formula("(b, 3), (k) -> (k, 3)", domain=("real", "index"))
def gathered(points, index):
    return np.take(points, index, axis=0) * 2.0


@formula("(n, 3), (3) -> ()")
def energy(x, w):
    return np.sum(x * x * w)


@formula("(..., n, 1) -> (..., n)")
def column(x):
    return np.exp(x[..., 0])


@formula("(..., 2), (..., 2) -> (..., 2)")
def complex_product(a, b):
    return np.stack([a[..., 0] * b[..., 0] - a[..., 1] * b[..., 1], a[..., 0] * b[..., 1] + a[..., 1] * b[..., 0]], -1)


@formula("(..., 2) -> (..., 2)")
def complex_exp(a):
    return np.stack([np.exp(a[..., 0]) * np.cos(a[..., 1]), np.exp(a[..., 0]) * np.sin(a[..., 1])], axis=-1)


@formula("(..., n), (4) -> (..., n)")
def cubic(x, c):
    return ((c[..., 3] * x + c[..., 2]) * x + c[..., 1]) * x + c[..., 0]


@formula("(..., 4), (...) -> (..., 4)", domain=("real", "probability"))
def scaled(q, t):
    return q * t[..., None]


@formula("(..., 10), (10) -> (...)", domain=("logit", "weight"))
def weighted(x, w):
    return np.sum(w * np.exp(x - np.max(x, axis=-1, keepdims=True)), axis=-1)


def by_parts(a, b):
    turned = np.stack([-a[..., 1], a[..., 0]], axis=-1)
    return a * b[..., :1] + turned * b[..., 1:]


def clamped(a):
    return np.exp(np.minimum(a[..., :1], 80)) * np.stack([np.cos(a[..., 1]), np.sin(a[..., 1])], axis=-1)


def hidden(place):
    def kernel(x, c):
        return np.polyval(np.where(np.isnan(c) & (np.arange(4) == place), 0, c)[::-1], x).astype(x.dtype)

    return kernel


def standard_deviation(x):
    return np.stack([x.mean(-1), x.std(-1)], axis=-1)


def about_the_mean(x):
    mean = x.mean(-1, keepdims=True)
    return np.concatenate([mean, ((x - mean) ** 2).mean(-1, keepdims=True)], axis=-1)


def by_exp2(x):
    e = np.exp2((x - x.max(-1, keepdims=True)) * x.dtype.type(np.log2(np.e)))
    return e / e.sum(-1, keepdims=True)


def without_maximum(x):
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


def triple_product(a):
    return np.sum(a[..., 0, :] * np.cross(a[..., 1, :], a[..., 2, :]), axis=-1)


def without_nan_of_the_corner(a):
    corner = np.arange(9).reshape(3, 3) == 0
    return triple_product(np.where(corner & np.isnan(a), 0, a))


KERNELS = [
    (cross, np.cross, True),
    (cross, lambda a, b: np.cross(b, a), False),
    (cross, lambda a, b: np.cross(a, b)[..., ::-1], False),
    (rotate, lambda r, x: np.einsum("...ij,...nj->...ni", r, x), True),
    (rotate, lambda r, x: x @ r, False),
    (head, lambda x, w: np.stack([x @ w[:, 0], x @ w[:, 1]], axis=-1), True),
    (head, lambda x, w: x @ w[:, ::-1], False),
    (head, lambda x, w: x[..., :1024] @ w[:1024], False),
    (mean_and_variance, about_the_mean, True),
    (mean_and_variance, standard_deviation, False),
    (softmax, by_exp2, True),
    (softmax, without_maximum, False),
    (determinant, triple_product, True),
    (determinant, lambda a: triple_product(a[..., [0, 2, 1], :]), False),
    (determinant, without_nan_of_the_corner, False),
    (gathered, lambda points, index: points[index] + points[index], True),
    (gathered, lambda points, index: points[index[::-1]] * 2, False),
    (energy, lambda x, w: ((x * x).sum(0) * w).sum(), True),
    (energy, lambda x, w: ((x * x).sum(0) * w)[:2].sum(), False),
    (complex_product, by_parts, True),
    (complex_product, lambda a, b: by_parts(a, b * np.array([1, -1], b.dtype)), False),
    (complex_exp, lambda a: np.exp(a[..., :1]) * np.stack([np.cos(a[..., 1]), np.sin(a[..., 1])], axis=-1), True),
    (complex_exp, clamped, False),
    (cubic, lambda x, c: c[0] + x * (c[1] + x * (c[2] + x * c[3])), True),
    *((cubic, hidden(place), False) for place in range(4)),
    (scaled, lambda q, t: (q.T * t.T).T, True),
    (scaled, lambda q, t: q, False),
    (weighted, lambda x, w: np.exp(x - x.max(-1, keepdims=True)) @ w, True),
    (weighted, lambda x, w: np.exp(x - x.max(-1, keepdims=True)).sum(-1), False),
    (column, lambda x: np.exp(x)[..., 0], True),
    (column, lambda x: np.exp(x).reshape(x.shape[:-1])[..., ::-1], False),
]
NAMES = [f"{each.__name__}-{right}-{number}" for number, (each, _, right) in enumerate(KERNELS)]


@pytest.mark.one_in(8)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("asked", "kernel", "right"), KERNELS, ids=NAMES)
def test_right_kernels_conform_and_wrong_ones_do_not(asked, kernel, right, dtype):
    found = check(types.SimpleNamespace(__name__="kernels", **{asked.__name__: kernel}), [asked], [dtype])
    assert found.passed == right


@pytest.mark.parametrize("asked", dict.fromkeys(each[0] for each in KERNELS), ids=lambda asked: asked.__name__)
def test_every_case_has_the_length(asked):
    declaration = declared(asked)
    cases = [*made(declaration, np.dtype("float32"))]
    assert len(cases) > 20
    for case in cases:
        for array, leaf in zip(unpack(case.whole().arguments), case.leaves, strict=True):
            fixed = [axis for axis in leaf.axes if axis.isdigit()]
            assert np.shape(array)[len(np.shape(array)) - len(fixed) :] == tuple(map(int, fixed))


@formula("(..., 1000) -> (..., 1000)")
def wide(x):
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-5)


@formula("(..., 64), (256, 64) -> (..., 256)")
def layer(x, w):
    return x @ np.swapaxes(w, -1, -2)


@pytest.mark.parametrize("asked", [wide, layer], ids=lambda asked: asked.__name__)
def test_long_fixed_axes_leave_room_for_few_rows(asked):
    cases = [*made(declared(asked), np.dtype("float32"))]
    assert max(case.elements for case in cases) < 2**23
    assert max(np.prod(case.to.batch) for case in cases) > 1_000


@pytest.mark.parametrize("axes", ["(...)", "(n)", "(..., n, m)", "(..., 3, n)"])
@pytest.mark.parametrize("kind", ["logit", "probability", "weight"])
def test_classes_may_stand_in_no_rows(axes, kind):
    asked = formula(f"{axes}, (..., 2) -> {axes}, (..., 2)", domain=(kind, "real"))(lambda x, y: (x * x, y * y))
    for dtype in ("float32", "float16"):
        assert [*made(declared(asked), np.dtype(dtype))]


def test_places_are_tried_each():
    places = {
        tuple(place)
        for case in made(declared(determinant), np.dtype("float32"))
        if case.name.startswith("nan_at_each_place")
        for place in np.argwhere(np.isnan(case.compact.arguments[0]))[:, 1:].tolist()
    }
    assert len(places) == 9


def test_a_module_has_the_widths_that_it_was_made_with():
    torch.manual_seed(0)
    mlp = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
    asked = formula("(..., 4) -> (..., 3)", library="torch")(mlp)
    first, second = ([each.detach().numpy() for each in mlp[n].parameters()] for n in (0, 2))

    def by_hand(x, second=second):
        return np.tanh(x @ first[0].T + first[1]) @ second[0].T + second[1]

    for kernel, right in ((by_hand, True), (lambda x: by_hand(x, [second[0], 0 * second[1]]), False)):
        assert check(types.SimpleNamespace(Sequential=kernel), [asked], ["float32"]).passed == right


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_many_rows_are_judged_block_by_block(dtype):
    a, b = np.random.default_rng(0).normal(size=(2, 100_000, 3)).astype(dtype)
    y = np.cross(a, b)
    assert_conforms(y, cross, a, b)
    y[-1, -1] *= 1 + 1e-3
    with pytest.raises(AssertionError, match=r"y\[99999, 2\]"):
        assert_conforms(y, cross, a, b)


def test_properties_are_drawn_with_the_length():
    subject = Subject(types.SimpleNamespace(__name__="kernels", cross=np.cross, head=head), functions=["cross", "head"])
    for asked in (cross, head):
        check_property(asked, subject, "float32")


def test_the_grammar():
    signature = parse("(..., 12, 2h), (h) -> (..., 3)")
    assert letters(signature.arguments) == {"...", "h"}
    assert shape_of(signature.arguments[0], {"...": 7, "h": 5}) == (7, 12, 10)
    assert lengths_by_letter(("...", "12", "2h"), (7, 12, 10)) == {"...": 7, "h": 5}


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("(..., 0) -> (...)", {}, "with '0' in it"),
        ("(..., 3?) -> (...)", {}, r"with '\?' in it"),
        ("(..., n, 3) -> (..., n)", {}, "a keyword axis; wanted letters alone"),
    ],
)
def test_what_makes_no_sense_is_refused(text, options, words):
    with pytest.raises(ValueError, match=words):
        formula(text, **options)(lambda x, *, axis=-1: x)


def test_an_index_chooses_along_a_letter():
    with pytest.raises(
        ValueError, match="'index'; wanted an axis of another argument, from which it chooses: the first"
    ):
        formula("(4, d), (n) -> (n, d)", domain=("real", "index"))(lambda table, index: table[index])
