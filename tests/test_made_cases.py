"""The made cases: right code passes them all, and each kind of them kills a mistake that no other kind does."""

import importlib
import math
import re
import threading
from itertools import combinations, count, cycle, product
from pathlib import Path

import numpy as np
import pytest
from made import failures, subject_of, words

from gaugeblock import backends, reference, spec
from gaugeblock.backends import _layouts as layouts
from gaugeblock.conformance import check
from gaugeblock.conformance.arithmetic.rounding import MODELS
from gaugeblock.conformance.cases import made, plan
from gaugeblock.conformance.cases.behaviour import behaviour
from gaugeblock.conformance.cases.blame import blame
from gaugeblock.conformance.cases.build import builders
from gaugeblock.conformance.cases.draw import unpack
from gaugeblock.conformance.cases.options import covering
from gaugeblock.conformance.cases.repeated_calls import Input, note_of_change, note_of_threads, notes_of
from gaugeblock.conformance.cases.spread import places
from gaugeblock.conformance.formulas import FUNCTIONS, case, cases, declared
from gaugeblock.conformance.judging import layouts as layouts_of
from gaugeblock.conformance.judging import oracle
from gaugeblock.conformance.judging.blame import blamed, fails_alike
from gaugeblock.conformance.judging.judge import Finding
from gaugeblock.conformance.judging.made_expectations import compact_cases, differing, plain_run, spread
from gaugeblock.conformance.judging.repeated_calls import called_again
from gaugeblock.conformance.judging.subject import Subject
from gaugeblock.reference.declaration import formula as declare
from gaugeblock.worker import repeated_calls
from gaugeblock.worker.repeated_calls import THREADS

pytestmark = pytest.mark.whole


@declare("(...) -> (...)")
def swish(x, *, xp=None):
    xp = xp or x.__array_namespace__()
    return x / (1 + xp.exp(-x))


@declare("(..., n), (n) -> (..., n)")
def rms_scale(x, w, *, epsilon=1e-6):
    xp = x.__array_namespace__()
    return x / xp.sqrt(xp.sum(x * x, axis=-1, keepdims=True) / x.shape[-1] + epsilon) * w


@declare("(..., n) -> ()")
def norm(x):
    xp = x.__array_namespace__()
    return xp.sqrt(xp.sum(x * x))


THIRD_PARTY = swish, rms_scale


@declare("(n), (n) -> ()")
def dot(a, b):
    return a.__array_namespace__().sum(a * b)


@declare("(m, n) -> (n, m)")
def turned(a):
    return a.__array_namespace__().matrix_transpose(a) * 1.0


@declare("(..., n, d), (..., m, d), (..., m, e) -> (..., n, e)")
def attention(q, k, v):
    xp = q.__array_namespace__()
    scores = xp.matmul(q, xp.matrix_transpose(k))
    e = xp.exp(scores - xp.max(scores, axis=-1, keepdims=True))
    return xp.matmul(e / xp.sum(e, axis=-1, keepdims=True), v)


@declare("(...), (...) -> (...)", domain=("real", "mask"))
def masked(x, mask):
    xp = x.__array_namespace__()
    return xp.where(mask, x, xp.zeros_like(x))


@declare("(..., n) -> (..., n), (...)", results=("y", "size"))
def normed(x):
    xp = x.__array_namespace__()
    size = xp.sqrt(xp.sum(x * x, axis=-1))
    return x / xp.expand_dims(size, axis=-1), size


@declare("(..., n) -> ()")
def mean_of_squares(x):
    return x.__array_namespace__().sum(x * x) / float(math.prod(x.shape))


@declare("(...), () -> (...)", domain=("real", "[0, 1]"))
def leaky_relu(x, slope):
    return x.__array_namespace__().where(x > 0, x, slope * x)


@declare("(..., n) -> (..., n)")
def scaled(x, *, temperature=1.0, axis=-1):
    xp = x.__array_namespace__()
    return x / temperature / xp.max(xp.where(x < 0, -x, x), axis=axis, keepdims=True)


@declare("(), (..., n), (n, m) -> (..., m)", domain=("[0, 2]", "real", "real"))
def scaled_product(scale, x, w):
    return scale * (x @ w)


@declare("(..., n), () -> (..., n)")
def times(x, s):
    return x * s


OF_EVERY_SHAPE = dot, turned, attention, masked, normed, mean_of_squares, leaky_relu, scaled, norm, times


# Right code.


@pytest.mark.one_in(8)
@pytest.mark.parametrize(
    ("formula", "dtype"), [*product(spec.formulas(), ["float32"]), *product(spec.formulas()[::2], ["float16"])]
)
def test_numpy_conforms(formula, dtype):
    """In float64 rewrites are judged, below."""
    assert not [*map(words, failures(Subject("numpy"), formula, dtype))]


SOURCES = Path(backends.__file__).parent.glob("*torch*.py")
KERNELS = {name for path in SOURCES for name in re.findall(r"@native\(_formulas\.(\w+)\)", path.read_text())}


@pytest.mark.one_in(4)
@pytest.mark.parametrize("formula", [name for name in spec.formulas() if KERNELS & {name, f"{name}_step"}])
def test_torch_conforms(formula):
    """Each formula for which it has a kernel of its own."""
    pytest.importorskip("torch")
    assert not [*map(words, failures(Subject("torch"), formula, "float32"))]


@pytest.mark.parametrize("formula", ["relu_vjp"])
def test_jax_conforms(formula):
    pytest.importorskip("jax")
    assert not [*map(words, failures(Subject("jax"), formula, "float32"))]


@pytest.mark.one_in(12)
@pytest.mark.parametrize(("name", "formula"), [*product(["jax", "dask", "strict"], spec.formulas())])
def test_every_backend_conforms_in_what_is_special_to_a_formula(name, formula):
    """Shapes and options that only some libraries take as a formula means them, such as a mask without axes."""
    pytest.importorskip({"strict": "array_api_strict"}.get(name, name))
    assert not [*map(words, failures(Subject(name), formula, "float32", {"own"}))]


# A rewrite that loops in Python takes seconds for 70 001 rows or classes, and memory layouts are no matter of orders.
MOST_ELEMENTS = {"float32": 60_000, "float64": 10_000}
KINDS = {"pairs", "axes", "tiles", "empty", "random", "magnitudes", "labels", "specials", "options", "few"}


@pytest.mark.one_in(12)
@pytest.mark.parametrize("formula", spec.formulas())
def test_right_rewrites_are_accepted(formula):
    """In one of the dtypes by turns."""
    module = importlib.import_module(f"rewrites.{formula}")
    rewrites = [(name, call) for name, call in vars(module).items() if name.partition("__")[0] in FUNCTIONS]
    rewrites = [(name, call) for name, call in rewrites if "__" in name]
    for (name, call), (dtype, most) in zip(rewrites, cycle(MOST_ELEMENTS.items()), strict=False):
        found = failures(subject_of(call, name.partition("__")[0]), formula, dtype, KINDS, most)
        assert not [*map(words, found)], (name, dtype)


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    ("function", "dtype"),
    [
        (function, dtype)
        for k, function in enumerate([*THIRD_PARTY, *OF_EVERY_SHAPE])
        for dtype in ("float32", ("float16", "float64")[k % 2])
    ],
)
def test_a_third_partys_formula_has_cases_that_it_passes(function, dtype):
    known = compact_cases(function, dtype, 0)
    assert len(known) > 20
    # NumPy adds float16 in float16, one after the other where rows are strided.
    kinds = {each.kind for each, _ in known} - ({"layouts"} if dtype == "float16" else set())
    assert not [*map(words, failures(numpy_alone(function), function, dtype, kinds))]


def numpy_alone(function):
    """A subject of a function that is no name of gaugeblock's."""
    subject = Subject("numpy")
    subject.functions = lambda name: {"": function} if name == function.__name__ else {}
    return subject


# Wrong code: of gaugeblock's own formulas there are mutants of each kind.


def test_mistakes_in_a_third_partys_formula_are_found():
    def without_a_tail(x):
        flat = swish(x).reshape(-1).copy()
        flat[flat.size // 32 * 32 :] = 0
        return flat.reshape(x.shape)

    def with_a_slope(x):
        return x / (1 + np.exp(-x * x.dtype.type(1.0001)))

    def not_over_the_rows(x, w):
        return rms_scale(x, w) * x.dtype.type(1.001 if x.shape[-1] == 129 else 1)

    for function, call, kinds in (
        (swish, without_a_tail, None),
        (swish, with_a_slope, None),
        (rms_scale, not_over_the_rows, None),
    ):
        subject = Subject("numpy")
        subject.functions = lambda name, function=function, call=call: {"": call} if name == function.__name__ else {}
        assert any(failures(subject, function, "float32", kinds)), call


def test_sums_of_half_precision_are_found_where_one_class_has_nearly_all():
    def with_half_sums(x, g, /, *, axis=-1):
        y = np.moveaxis(reference.softmax(x, axis=axis), axis, -1).astype(np.float32)
        g = np.moveaxis(g, axis, -1)
        total = np.zeros(y.shape[:-1], np.float16)
        for n in range(y.shape[-1]):
            total += (y[..., n] * g[..., n]).astype(np.float16)
        return np.moveaxis(y * (g - total[..., None].astype(np.float32)), -1, axis).astype(x.dtype)

    found = failures(subject_of(with_half_sums, "softmax_vjp"), "softmax_vjp", "float16", {"magnitudes"})
    assert {"one_and_many"} == {each.case.name for _, each in found}


# Compact and whole.


@pytest.mark.parametrize("domain", ["real", "logit", "weight", "probability", "nonnegative", "mask"])
@pytest.mark.parametrize("axes", ["(..., n), (..., n)", "(..., n), (n)", "(..., n), ()", "(n), (n)"])
def test_cases_are_made_of_arguments_of_any_domain(axes, domain):
    """Each domain in the place of both."""

    def summed(x, y):
        return np.sum(x * y, axis=-1)

    for domains in (("real", domain), (domain, "real")):
        judged = declare(f"{axes} -> {'(...)' if '...' in axes else '()'}", domain=domains)(summed)
        for dtype in ("float16", "float32"):
            assert len(list(made(judged, np.dtype(dtype)))) > 20


@pytest.mark.one_in(4)
@pytest.mark.parametrize("formula", [*spec.formulas(), *THIRD_PARTY, *OF_EVERY_SHAPE])
def test_neutral_elements_are_neutral_and_others_stand_for_themselves(formula):
    dtype, known = np.dtype("float32"), set()
    for each, found in compact_cases(formula, dtype.name, 0):
        if each.kind not in ("pairs", "axes", "labels", "layouts") or each.elements > 8_000 or each.compact.exact:
            continue
        known.add(each.kind)
        with np.errstate(all="ignore"):
            whole = oracle.expect(each.whole(), dtype)
        for name, one in found.items():
            there, judged = spread(each, name, one), np.isfinite(spread(each, name, one).bound)
            np.testing.assert_allclose(whole[name].value[judged], there.value[judged], rtol=1e-9, atol=1e-300)
            least = there.bound[judged] * (1 - 1e-6)
            assert np.all(whole[name].bound[judged] >= least)  # a finite logit's exponential is charged in each place
            if not has_finite_neutral(each):
                np.testing.assert_allclose(whole[name].bound[judged], there.bound[judged], rtol=1e-6, atol=1e-300)
    assert "pairs" in known


def has_finite_neutral(each):
    """Whether the logits that are neutral are finite."""
    return any(
        leaf.domain == "logit" and np.any(array < -1e5)
        for leaf, array in zip(each.leaves, unpack(each.compact.arguments), strict=True)
    )


@pytest.mark.parametrize("formula", ["adam", "clip_by_global_norm", "sgd_step", leaky_relu, scaled_product])
def test_a_number_is_pythons_in_every_case(formula):
    for each in made(formula, np.dtype("float32"), 0):
        for leaf, value in zip(each.leaves, unpack(each.whole().arguments), strict=True):
            assert not leaf.is_number or type(value) in (int, float), each.name


def test_how_the_elements_along_a_letter_behave():
    assert behaviour(declared("softmax")) == {"...": "apart", "n": "neutral"}
    assert behaviour(declared("categorical_cross_entropy_vjp")) == {"...": "apart", "n": "apart"}
    assert behaviour(declared("dense")) == {"...": "apart", "n": "neutral", "m": "apart"}
    assert behaviour(declared("dense_vjp")) == {"...": "neutral", "n": "apart", "m": "neutral"}
    assert behaviour(declared(rms_scale)) == {"...": "apart", "n": "mixed"}
    assert behaviour(declared(norm)) == {"...": "neutral", "n": "neutral"}
    assert behaviour(declared(mean_of_squares)) == {"...": "mixed", "n": "mixed"}
    assert behaviour(declared(attention)) == {"...": "apart", "n": "apart", "d": "neutral", "m": "mixed", "e": "apart"}


def test_a_case_is_left_out_where_a_long_row_is_not_what_a_short_one_is():
    @declare("(..., n) -> (..., n)")
    def shorter_rows(x):
        return x * (1.0 if x.shape[-1] < 1000 else 2.0)

    assert behaviour(declared(shorter_rows))["n"] == "apart"
    spread = [each for each, _ in compact_cases(shorter_rows, "float32", 0) if each.kind == "pairs"]
    assert 500 < max(len(each.to.indices["n"]) for each in spread) < 1000
    assert not [*map(words, failures(numpy_alone(shorter_rows), shorter_rows, "float32"))]


def test_a_logit_that_is_far_from_neutral_is_found_out():
    @declare("(..., n) -> (...)", domain=("logit",))
    def of_cold_logits(x):
        xp = x.__array_namespace__()
        return xp.log(xp.sum(xp.exp(x / 1e6), axis=-1))

    assert behaviour(declared(of_cold_logits))["n"] == "mixed"


@pytest.mark.one_in(4)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("formula", spec.formulas())
def test_little_is_left_out(formula, dtype):
    every, judged = [*made(formula, np.dtype(dtype))], compact_cases(formula, dtype, 0)
    assert len(judged) >= 0.94 * len(every)  # a softmax of one class has no gradient
    for each, found in judged:  # finite arguments whose results nothing but an overflow explains
        if each.kind not in ("magnitudes", "options") and not each.compact.exact:
            with np.errstate(all="ignore"):
                once_more = differing(each.compact, found, plain_run(each.compact, np.dtype(dtype)))
            for name, one in found.items():
                assert np.array_equal(np.isinf(once_more[name].bound), np.isinf(one.bound)), each.name


# The plan.


def test_the_plan_leaves_a_tail_of_every_block():
    lengths = [length for _, length in plan.PAIRS]
    for block in (2**power for power in range(3, 17)):
        assert any(length > block and length % block for length in lengths)
    assert {len(batch) for batch, _ in plan.PAIRS} == {0, 1, 2, 3, 4}
    assert max(math.prod(batch) for batch, _ in plan.PAIRS) > 2**16


@pytest.mark.parametrize("length", [4096, 4097, 70_001])
def test_the_places_that_matter_are_there(length):
    found = places(length, plan.COLUMNS, np.random.default_rng(0)).tolist()
    assert found == sorted(set(found))
    assert len(found) == plan.COLUMNS
    assert {0, length - 1, length - 2, length - 3} <= set(found)
    blocks = [2**power for power in range(3, 17) if 2**power < length and length % 2**power]
    assert all(any(place >= length // block * block for place in found) for block in blocks)


@pytest.mark.parametrize(("strength", "most"), [(2, 90), (3, 500)])
def test_the_options_meet_each_other(strength, most):
    sizes = (6, 5, 6, 4, 11)
    rows = np.array(covering(sizes, strength))
    for columns in combinations(range(5), strength):
        assert len(np.unique(rows[:, columns], axis=0)) == np.prod([sizes[column] for column in columns])
    assert len(rows) < most
    more = covering(sizes, strength, tuple(map(tuple, rows[::2].tolist())))  # beside those that are there
    assert 0 < len(more) < len(rows)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("formula", [*spec.formulas(), *THIRD_PARTY])
def test_the_same_dtype_gives_the_same_cases_and_a_seed_other_random_ones(formula):
    """In two dtypes by turns."""
    dtype = np.dtype(("float32", "bfloat16")[len(getattr(formula, "__name__", formula)) % 2])
    one, two, other = (fingerprints(made(formula, dtype, seed)) for seed in (0, 0, 1))
    assert one == two
    assert {name for name, _ in one ^ other} == {name for name, _ in one ^ other if "random_seed" in name}
    assert one != other
    assert len({name for name, _ in one}) == len(one)


def fingerprints(cases):
    """A name and the bits of each case."""
    found = set()
    for each in cases:
        arrays = b"".join(np.asarray(value).tobytes() for value in unpack(each.compact.arguments))
        places = b"".join(index.tobytes() for index in each.to.indices.values())
        name = f"{each.compact.function} {each.kind} {each.requirement} {each.name}"
        found.add((name, hash((arrays, places, str(each.options), str(each.compact.options)))))
    return found


@pytest.mark.one_in(4)
@pytest.mark.parametrize("formula", [*spec.formulas(), *THIRD_PARTY])
def test_every_requirement_of_a_case_is_on_the_page(formula):
    from gaugeblock.conformance.formulas.requirements import requirements

    for dtype in MODELS:
        assert {each.requirement for each in made(formula, np.dtype(dtype))} <= set(requirements(formula))


# Layouts.


@pytest.mark.parametrize("name", layouts.OF_NUMPY)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4), (2, 3, 4, 5), (0, 3)])
def test_a_layout_has_the_same_elements(name, shape):
    for dtype in ("float32", "float16", "bfloat16", "int8", "bool"):
        array = np.ones(shape, dtype) if name == "one_row" else np.arange(math.prod(shape)).reshape(shape).astype(dtype)
        changed = layouts.OF_NUMPY[name](array)
        assert changed.dtype == array.dtype
        assert np.array_equal(changed, array)


def test_a_layout_is_what_its_name_says():
    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    assert layouts.wide(array).strides[1] == 7 * 4
    assert np.isnan(layouts.offset(array).base[0]).all()
    assert layouts.permuted(array).strides[0] < layouts.permuted(array).strides[1]
    assert [each // array.itemsize for each in layouts.swapped(array).strides] == [12, 1, 3]
    heads = np.ones((2, 3, 4, 5), np.float32)
    assert [each // 4 for each in layouts.between(heads).strides] == [60, 5, 15, 1]
    assert not layouts.unaligned(array).flags.aligned
    assert layouts.one_row(np.ones((3, 4), np.float32)).strides[0] == 0
    assert layouts.one_row(array) is array
    assert layouts.one_row(heads).strides == (0, 0, 0, 0)


def test_reversed_arrays_have_strides_of_both_signs():
    change = importlib.import_module("gaugeblock.backends.numpy").layouts["reversed"]
    for shape, signs in (((9, 9), (-1, 1)), ((2, 3, 4), (1, -1, 1)), ((4, 6), (-1, -1)), ((4,), (-1,)), ((), ())):
        array = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
        changed = change(array)
        assert tuple(np.sign(changed.strides)) == signs
        assert np.array_equal(changed, array)


def test_torch_has_the_same_layouts():
    torch = pytest.importorskip("torch")
    for shape in ((), (3,), (2, 3), (2, 3, 4), (2, 3, 4, 5)):
        array = torch.ones(shape)
        for change in layouts.of_torch(torch).values():
            assert torch.equal(change(array), array)
    assert layouts.of_torch(torch)["wide"](torch.ones(2, 3)).stride(0) == 6
    assert layouts.of_torch(torch)["swapped"](torch.ones(2, 3, 4)).stride() == (12, 1, 3)
    assert layouts.of_torch(torch)["between"](torch.ones(2, 3, 4, 5)).stride() == (60, 5, 15, 1)
    assert layouts.of_torch(torch)["one_row"](torch.ones(2, 3)).stride() == (0, 0)


@pytest.mark.parametrize("name", layouts_of.CHANGES)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (1, 3), (2, 3, 4), (2, 3, 4, 5)])
def test_a_layout_in_which_a_case_is_not_put_leaves_it_as_it_is(name, shape):
    array = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
    changed = importlib.import_module("gaugeblock.backends.numpy").layouts[name](array)
    assert isinstance(changed, np.ndarray)  # also without axes, where NumPy likes to make a scalar
    if not layouts_of.CHANGES[name](array):
        assert changed.flags.c_contiguous
        assert np.array_equal(changed, array)


@pytest.mark.parametrize(("kind", "shape"), [("layouts", (2, 3)), ("layouts", (2, 3, 4)), ("one_row", (2, 3))])
def test_a_case_is_put_in_the_layouts_that_change_it(kind, shape):
    rows = np.zeros(shape) if kind == "one_row" else np.arange(math.prod(shape), dtype=float).reshape(shape)
    case = cases("relu_vjp", np.dtype("float64"))[0]
    case = case._replace(requirement="relu_vjp.layout", kind=kind, arguments=(rows, np.arange(5.0)))
    found = [end for end, _ in layouts_of.layouts(importlib.import_module("gaugeblock.backends.numpy"), case)]
    assert ("_permuted" in found) == (len(shape) == 3)
    assert (found == ["_one_row"]) == (kind == "one_row")
    assert "_transposed_argument_2" not in found  # it has one axis
    assert "_read_only_argument_1" not in found
    assert ("_wide_argument_2" in found) == (kind == "layouts")


# Calls again.


def called(call, function="relu"):
    """The notes of calls that are made again: whether each fails, with the words."""
    found = called_again(subject_of(call, function), declared(function).formula, "float32")
    return {note.words.split(":")[0]: note.fails for _, note in found}


@pytest.mark.one_in(4)
@pytest.mark.parametrize("formula", spec.formulas())
def test_numpy_gives_the_same_when_it_is_called_again(formula):
    with np.errstate(all="ignore"):
        assert not [*called_again(Subject("numpy"), formula, "float32")]


@pytest.mark.parametrize(("repeat", "passes"), [(None, True), (2, True), (4_000, False)])
def test_what_shows_in_one_of_many_calls_needs_as_many(repeat, passes):
    numbers = count()

    def relu(x):
        return np.maximum(x, 0) * x.dtype.type(1.01 if next(numbers) % 3_000 == 2_999 else 1)

    found = check(subject_of(relu, "relu"), ["relu"], ["float32"], repeat=repeat)
    assert found.passed == passes
    assert {each.requirement for each in found.results if each.status == "fail"} <= {"relu.pure"}
    assert (f"{repeat} calls of each function were made again" in found.notes) == (repeat is not None)


@pytest.mark.parametrize("function", THIRD_PARTY)
def test_a_third_partys_formula_is_called_again(function):
    counted = []

    def counting(*arguments):
        counted.append(arguments)
        return function(*arguments)

    subject = numpy_alone(function)
    subject.functions = lambda name: {"": counting}
    assert not [*called_again(subject, function, "float32")]
    assert len(counted) > 512


def test_a_result_that_was_cached_by_its_memory_is_found():
    known = {}

    def relu(x):
        kept = known.setdefault(x.__array_interface__["data"][0], (x, reference.relu(x)))  # no other array comes there
        return kept[1].copy()

    assert called(relu)["arguments that were changed in place give the results of what they were"]


@pytest.mark.parametrize("chosen", [lambda x: float(x.flat[0]), lambda x: float(np.sum(np.sort(x, axis=None)))])
def test_a_result_that_was_cached_by_its_memory_and_some_of_its_numbers_is_found(chosen):
    known = {}

    def relu(x):
        key = x.__array_interface__["data"][0], chosen(x)
        kept = known.setdefault(key, (x, reference.relu(x)))
        return kept[1].copy()

    assert called(relu)["arguments that were changed in place give the results of what they were"]


def test_a_result_that_was_cached_by_its_first_element_is_found():
    known = {}

    def relu(x):
        return known.setdefault((x.shape, float(x.flat[0])), reference.relu(x)).copy()

    assert any(fails for words, fails in called(relu).items() if words.endswith("outside the bound"))


def test_one_wrong_call_in_200_is_found():
    count = 0

    def relu(x):
        nonlocal count
        count += 1
        return reference.relu(x) * x.dtype.type(1.01 if count % 200 == 0 else 1)

    assert any(fails for words, fails in called(relu).items() if "of 512 is outside the bound" in words)


def test_what_is_wrong_in_every_call_is_no_fault_of_their_order():
    assert called(lambda x: reference.relu(x) * x.dtype.type(1.01)) == {}
    assert called(lambda x: reference.relu(x) + (x.shape[-1] > 1000) * x.dtype.type(1)) == {}
    assert called(lambda x: None) == {}


def test_a_ring_of_buffers_is_found():
    buffers, count = {}, 0

    def relu(x):
        nonlocal count
        count += 1
        out = buffers.setdefault((count % 9, x.shape), np.empty(x.shape, x.dtype))
        out[...] = reference.relu(x)
        return out

    assert called(relu)["one of 64 results that were kept was changed by a later call"]


@pytest.mark.parametrize(("least", "count"), [(0, THREADS), (4_096, 2)], ids=["all", "of long arrays"])
def test_threads_that_share_a_buffer_are_found(least, count):
    shared, all_have_written = {}, threading.Barrier(count, timeout=60)

    def relu(x):
        if x.size < least:
            return reference.relu(x)
        out = shared.setdefault(x.shape, np.empty(x.shape, x.dtype))
        out[...] = reference.relu(x)
        if threading.current_thread() is not threading.main_thread():
            all_have_written.wait()
        return out.copy()

    assert called(relu) == {"calls in several threads disturb one another": True}


def test_other_bits_within_the_bound_are_a_note():
    rng = np.random.default_rng(0)

    def softmax(x, /, *, axis=-1):
        return reference.softmax(x, axis=axis) * x.dtype.type(1 + rng.choice([0, 1.2e-7]))

    assert called(softmax, "softmax") == {"not deterministic": False}


def test_calls_need_no_formula():
    one, two = np.ones(3), np.full(3, 2.0)
    inputs = [Input(each, lambda values, each=each: np.array_equal(values["y"], 2 * each)) for each in (one, two)]

    def read(results):
        return {"y": results.copy()}

    def write(before, after):
        before[...] = after

    def twice(x):
        return 2 * x

    assert not [*notes_of(repeated_calls.repeated(twice, read, [one, two], 20), inputs)]
    assert not [*note_of_threads(repeated_calls.in_threads(twice, read, [(one, 20), (two, 20)]), inputs)]
    assert not [*note_of_change(repeated_calls.changed_in_place(twice, read, one, two, write), inputs[1])]


# Blame.


def where(call, function="softmax", batch=(), length=0):
    """What is blamed for the failures of a wrong function."""
    (builder,) = builders(function, np.dtype("float32"))

    def fails(each):
        with np.errstate(all="ignore"):
            found = oracle.expect(each.compact, np.dtype("float32"))
            got = declared(function).named(call(*each.whole().arguments, **each.whole().options))
        return any(not np.all(oracle.ratios(got[name], spread(each, name, one))[0] <= 1) for name, one in found.items())

    return blame(builder, fails, batch, length)


def softmax_that_fails(condition):
    """A softmax that is wrong in its last class where a condition on the batch and the length holds."""

    def softmax(x, /, *, axis=-1):
        y = np.moveaxis(reference.softmax(x, axis=axis), axis, -1)
        if condition(y.shape[:-1], y.shape[-1]):
            y[..., -1] += 1
        return np.moveaxis(y, -1, axis)

    return softmax


@pytest.mark.parametrize(
    ("condition", "label", "words"),
    [
        (lambda batch, n: batch == (513,), "batch", "wherever the batch is (513,)"),
        (lambda batch, n: n % 7 in (1, 3), "value", ""),  # many lengths that have nothing else in common
        (
            lambda batch, n: n > 4096 and n % 128,
            "value",
            "wherever the last axis is longer than a limit from 2053 to 2175 and is no multiple of 64",
        ),
        (
            lambda batch, n: n > 1025 and n % 128,
            "value",
            "wherever the last axis is longer than a limit from 1025 to 1087 and is no multiple of 128",
        ),
        (lambda batch, n: n > 1000, "value", "wherever the last axis is longer than a limit from 896 to 1022"),
        (lambda batch, n: n < 5, "value", "wherever the last axis is no longer than a limit from 4 to 6"),
        (
            lambda batch, n: math.prod(batch) > 20,
            "batch",
            "wherever the batch has more rows than a limit from 16 to 20",
        ),
        (lambda batch, n: len(batch) == 2, "batch", "wherever the batch has 2 axes"),
        (
            lambda batch, n: math.prod(batch) > 65_535,
            "batch",
            "wherever the batch has more rows than a limit from 17408 to 65599",
        ),
        (lambda batch, n: n == 17, "value", "wherever the last axis is 17 long"),
        (lambda batch, n: True, "value", "in a small shape already, so that no length is the reason"),
        (
            lambda batch, n: batch == (513,) and n == 3,
            "value",
            "only where a batch of shape (513,) and a last axis of 3 come together",
        ),
    ],
)
def test_what_is_to_blame_is_said_in_words(condition, label, words):
    assert where(softmax_that_fails(condition), batch=(513,), length=3) == (f"softmax.{label}", words)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (
            lambda x: x.size > 100 and x.size % 32,
            "wherever the number of elements is more than a limit from 88 to 95 and is no multiple of 32",
        ),
        (lambda x: x.size > 1000, "wherever the number of elements is more than a limit from 960 to 1023"),
        (lambda x: x.shape[-1] > 1000, "wherever the last axis is longer than a limit from 896 to 1022"),
        (
            lambda x: x.shape[-1] > 100 and x.shape[-1] % 16,
            "wherever the last axis is longer than a limit from 72 to 79 and is no multiple of 16",
        ),
    ],
)
def test_the_number_of_elements_is_told_from_the_last_axis(condition, words):
    def relu(x, /):
        y = reference.relu(x)
        return y + 1 if condition(x) else y

    assert where(relu, "relu") == ("relu.value", words)


def test_the_axis_whose_length_is_to_blame_is_named():
    def dense(x, w, b, /):
        return reference.dense(x, w, b) + (w.shape[1] > 300) * x.dtype.type(1)

    words = "wherever m of (..., n), (n, m), (m) -> (..., m) is longer than a limit from 272 to 319"
    assert where(dense, "dense") == ("dense.value", words)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda axis, rank: axis % rank < rank - 1, "wherever the axis is not the last"),
        (lambda axis, rank: axis == 0 and rank > 2, "wherever the axis is 0 and is one of more than 2"),
        (lambda axis, rank: axis < 0 and axis != -1 and rank == 4, "wherever the axis is negative and is one of 4"),
    ],
)
def test_an_axis_that_is_to_blame_is_said_in_words(wrong, words):
    def softmax(x, /, *, axis=-1):
        return reference.softmax(x, axis=axis) + wrong(axis, x.ndim) * x.dtype.type(1)

    label, found = where(softmax)
    assert label == "softmax.axis"
    assert words in found


def dense_of_w_as_it_lies(x, w, b):
    return reference.dense(x, w.T.reshape(w.shape) if w.strides[0] == w.itemsize else w, b)


def relu_of_rows_side_by_side(x):
    wide = x.ndim == 2 and x.strides[1] == x.itemsize and x.strides[0] > x.shape[1] * x.itemsize
    return reference.relu(x) + wide * x.dtype.type(1)


def relu_of_planes_as_they_lie(x):
    """Wrong where an array of three axes is transposed."""
    return reference.relu(x) + (x.ndim == 3 and x.strides[0] == x.itemsize) * x.dtype.type(1)


def relu_of_long_rows_as_they_lie(x):
    """Wrong beyond 4000 columns, and where an array is reversed."""
    long = x.ndim > 0 and x.shape[-1] > 4000
    return reference.relu(x) + (long or any(stride < 0 for stride in x.strides)) * x.dtype.type(1)


def sgd_of_gradients_as_they_lie(theta, grad, state, **options):
    """Wrong beyond 4000 columns too."""
    grad = np.ravel(grad, order="K").reshape(grad.shape) + (grad.shape[-1:] > (4000,)) * grad.dtype.type(1)
    return reference.sgd_step(theta, grad, state, **options)


@pytest.mark.parametrize(
    ("call", "function", "words"),
    [
        (
            sgd_of_gradients_as_they_lie,
            "sgd_step",
            "it fails wherever the last axis is longer than a limit from 3072 to 4095 and where argument 2 has the "
            "memory layout transposed or permuted or swapped or between",
        ),
        (dense_of_w_as_it_lies, "dense", "it fails where argument 2 has the memory layout transposed"),
        (relu_of_rows_side_by_side, "relu", "it fails where the arguments have the memory layout wide"),
        (
            relu_of_planes_as_they_lie,
            "relu",
            "it fails where the arguments have the memory layout transposed, wherever the batch has 2 axes",
        ),
        (
            relu_of_long_rows_as_they_lie,
            "relu",
            "it fails wherever the last axis is longer than a limit from 3072 to 4095 and where the arguments have the "
            "memory layout reversed",
        ),
    ],
)
def test_a_memory_layout_that_is_to_blame_is_said_in_words(call, function, words):
    subject = subject_of(call, function)
    failed = [found for _, found in failures(subject, function, "float32", {"layouts", "pairs"}, 100_000)]
    assert blamed(subject, declared(function), np.dtype("float32"), failed) == words


def layer_norm_of_one_epsilon(x, w, b, *, epsilon=1e-5):
    """It raises whatever the layout."""
    if epsilon != 1e-5:
        raise ValueError("another epsilon")
    return reference.layer_norm(x, w, b)


def softmax_of_large_numbers(x, *, axis=-1):
    """Wrong for large numbers in every layout."""
    return reference.softmax(x, axis=axis) + (abs(x) > 3) * x.dtype.type(1)


@pytest.mark.parametrize(
    ("call", "function"), [(layer_norm_of_one_epsilon, "layer_norm"), (softmax_of_large_numbers, "softmax")]
)
def test_no_memory_layout_is_blamed_for_calls_that_fail_in_the_usual_order_too(call, function):
    subject = subject_of(call, function)
    failed = [found for _, found in failures(subject, function, "float32", {"layouts", "pairs", "options"}, 1000)]
    assert any(found.requirement.endswith(".layout") for found in failed)
    assert "memory layout" not in blamed(subject, declared(function), np.dtype("float32"), failed)


@pytest.mark.parametrize("special", [np.nan, np.inf])
def test_a_layout_is_to_blame_where_it_alone_loses_a_special_value(special):
    x = np.array([1.0, special], np.float32)
    here = case("relu", "relu.layout", "one", "lost", x)._replace(kind="layouts")
    lost = Finding("relu.layout", here, passed=False, place=(1,), got=0.0, expected=special)
    assert not fails_alike(subject_of(reference.relu, "relu"), lost)
    assert fails_alike(subject_of(np.zeros_like, "relu"), lost)


def test_nothing_is_said_where_no_shape_and_no_layout_fails():
    assert not blamed(Subject("numpy"), declared("relu"), np.dtype("float32"), [])
