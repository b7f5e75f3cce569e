"""Wrong kernels for strangers' formulas: each was once accepted, and the right one beside it is."""

import types

import numpy as np
import pytest

from gaugeblock.conformance import assert_conforms, check, expected
from gaugeblock.conformance.cases import made, plan
from gaugeblock.conformance.cases.behaviour import behaviour
from gaugeblock.conformance.cases.draw import numbers, unpack
from gaugeblock.conformance.cases.growth import growth, on_the_way
from gaugeblock.conformance.formulas import declared
from gaugeblock.reference.declaration import formula

pytestmark = pytest.mark.whole


def namespace(x):
    return x.__array_namespace__()


@formula("(..., n), (n) -> (..., n)")
def rms_scale(x, w, *, epsilon=1e-6):
    xp = namespace(x)
    return x / xp.sqrt(xp.mean(x * x, axis=-1, keepdims=True) + epsilon) * w


@formula("(..., n) -> (...)")
def centred(x, *, correction=0, negative=False, name="mean"):
    xp = namespace(x)
    found = xp.var(x, axis=-1, correction=correction)
    return -found if negative else found * 1


@formula(
    "(..., n), (n), (n) -> (..., n)",
    definition=lambda x, w, b: [one * two + three for one, two, three in zip(x, w, b, strict=True)],
)
def affine(x, w, b=None):
    return x * w if b is None else x * w + b


@formula("(...), () -> (...)", domain=("real", "[0, 1)"))
def leaky(x, slope=0.1):
    return namespace(x).where(x > 0, x, slope * x)


@formula(
    "(..., n?), (n?) -> (...)",
    definition=lambda x, w: sum(one * two for one, two in zip(x, w, strict=True)),
)
def dot(x, w):
    return x * w if w.ndim == 0 else namespace(x).sum(x * w, axis=-1)


@formula("(...), () -> (...)", domain=("real", "(1, inf)"))
def divided(x, a):
    return x / a


@formula("(...), () -> (...)", domain=("real", "(0, inf)"))
def divided_by_any(x, a):
    return x / a


@formula(
    "(...), (...), ((), (...)) -> (...), ((), (...))",
    domain=("real", "real", ("count", "real")),
    results=("theta", ("step", "velocity")),
)
def momentum(theta, grad, state, *, mu=0.9):
    velocity = mu * state.velocity + grad
    return theta - 0.1 * velocity, (state.step + 1, velocity)


@formula("(..., n) -> (..., n)")
def scan(x):
    return namespace(x).cumulative_sum(x, axis=-1)


@formula("(..., n) -> (..., n)")
def layer_scale(x, *, eps=1e-5):
    xp = namespace(x)
    return (x - xp.mean(x, axis=-1, keepdims=True)) / xp.sqrt(xp.var(x, axis=-1, keepdims=True) + eps)


@formula("(..., n) -> (..., n)")
def numbered(x):
    return x + namespace(x).arange(x.shape[-1], dtype=x.dtype)


@formula("(..., n, n) -> (..., n, n)")
def squared(x):
    return x @ x


@formula("(..., n), (..., k) -> (..., k)", domain=("real", "index"))
def taken(x, places):
    return namespace(x).take_along_axis(x, places, axis=-1)


@formula("(...), (...) -> (...)", domain=("real", "nonnegative"))
def poisson(x, t, *, of_logarithm=True, epsilon=1e-8):
    """Its second way is NaN for negative numbers, and has an option of its own."""
    xp = namespace(x)
    return xp.exp(x) - t * x if of_logarithm else x - t * xp.log(x + epsilon)


@formula("(..., n) -> (...)", open=lambda x: np.any(np.isinf(x), axis=-1))
def smooth_minimum(x, *, t=1.0):
    xp = namespace(x)
    least = xp.min(x, axis=-1, keepdims=True)
    return xp.squeeze(least, axis=-1) - t * xp.log(xp.sum(xp.exp((least - x) / t), axis=-1))


@formula("(...) -> (...)")
def softplus(x, *, threshold=20.0, least=20):
    """Its threshold and its number of binary digits change nothing that is seen, unless they are smaller."""
    xp = namespace(x)
    soft = xp.where(x > threshold, x, xp.logaddexp(x, 0 * x))
    return xp.where(soft < 2.0**-least, 0 * soft, soft)


@formula("(...) -> (...)")
def shrunk(x, *, least=0.5, is_soft=True):
    """With the flag or without it, what is at the threshold is 0; one of its literals is no number of float32."""
    xp, least = namespace(x), min(least, 1e300)
    return xp.where(xp.abs(x) <= least, 0 * x, x - xp.sign(x) * least if is_soft else x)


@formula("(...), (...) -> (...)")
def clip_vjp(x, g):
    return namespace(x).where((x > -20) & (x < 20), g, 0 * g)


@formula("(..., n) -> (..., n)")
def cosines(x):
    """A transform by its matrix, which is the square of its argument."""
    places = namespace(x).arange(x.shape[-1], dtype=x.dtype)
    return x @ namespace(x).cos((places[:, None] + 0.5) * places * (np.pi / x.shape[-1]))


@formula("(..., l, n), (..., l, n) -> (..., l, n)")
def banded(q, v):
    """Attention of each place to itself and the one before."""
    xp = namespace(q)
    places = xp.arange(q.shape[-2])
    apart = places[:, None] - places
    e = xp.exp(xp.where((apart == 0) | (apart == 1), q @ q.mT, -xp.inf))
    return e @ v / xp.sum(e, axis=-1, keepdims=True)


@formula("(..., n, d), (..., n, d) -> (...)")
def contrasted(x, y):
    """It has 0 / 0 where all of a row is 0."""
    xp = namespace(x)
    x, y = (each / xp.linalg.vector_norm(each, axis=-1, keepdims=True) for each in (x, y))
    e = xp.exp(x @ y.mT)
    return -xp.mean(xp.log(xp.linalg.diagonal(e) / xp.sum(e, axis=-1)), axis=-1)


@formula("(..., n, m) -> (..., n, m)")
def orthogonalised(x):
    """A step towards an orthogonal matrix: its product with its transpose is square, though zeros add nothing."""
    return 1.5 * x - 0.5 * (x @ x.mT) @ x


@formula("(..., n) -> (..., n)")
def averaged(x):
    """An exponential moving average, step by step."""
    found = [x[..., 0]]
    for place in range(1, x.shape[-1]):
        found.append(0.75 * found[-1] + 0.25 * x[..., place])
    return namespace(x).stack(found, axis=-1)


@formula("(..., n), (k) -> (..., n)")
def filtered(x, w):
    xp = namespace(x)
    padded = xp.concat([xp.zeros((*x.shape[:-1], w.shape[0] - 1), dtype=x.dtype), x], axis=-1)
    windows = xp.stack([padded[..., i : i + x.shape[-1]] for i in range(w.shape[0])], axis=-1)
    return xp.sum(windows * w, axis=-1)


@formula("(b, n), (b) -> (b)", domain=("real", "index"))
def surprise(x, labels):
    """The labels have the first letter, and choose along the second."""
    x = x - np.max(x, axis=1, keepdims=True)
    return np.log(np.sum(np.exp(x), axis=1)) - x[np.arange(len(labels)), labels]


@formula("(n, d), (n, d) -> (n, n)")
def distances(x, y):
    """Two arguments of one shape, and no batch."""
    return np.max(np.abs(x[:, None] - 2 * y), axis=-1)


@formula("(..., n) -> (...)")
def slope(x):
    """It takes no row of one number."""
    return x[..., 1] - x[..., 0]


@formula("(..., n), (..., n) -> (...)", domain=("probability", "probability"))
def jensen_shannon(p, q):
    m = 0.5 * (p + q)
    terms = (np.where(x > 0, x * np.log(np.where(x > 0, x / m, 1)), 0) for x in (p, q))
    return 0.5 * np.sum(sum(terms), axis=-1)


@formula("(...), (...) -> (...)", domain=("nonnegative", "nonnegative"))
def share(x, y):
    return x / (x + y)


@formula("(..., n), (..., n) -> ()", domain=("probability", "probability"))
def mean_divergence(p, q):
    return np.mean(p * np.log(p / q))


@formula("(..., n), (n) -> (..., n)", domain=("real", "nonnegative"))
def quantised(x, scale):
    return np.clip(np.round(x / scale), -127, 127)


@formula("(...) -> (...)")
def quantised_by(x, *, scale=0.05):
    return np.clip(np.round(x / scale), -127, 127)


@formula("(...), (...) -> (...)")
def hinge_vjp(x, y):
    return np.where(1 - x * y > 0, -y, 0 * y)


def halves_up(x, scale):
    return np.clip(np.floor(x / scale + x.dtype.type(0.5)), -127, 127)


def clamped(formula, least):
    return lambda *arrays: formula(*(np.maximum(each, each.dtype.type(least)) for each in arrays))


def next_of(labels, n):
    return np.minimum(labels + 1, n - 1)


def with_step(change):
    def kernel(theta, grad, state, *, mu=0.9):
        theta, (step, velocity) = momentum(theta, grad, state, mu=mu)
        return theta, (change(step), velocity)

    return kernel


def in_blocks(size):
    def kernel(x):
        return np.concatenate([np.cumsum(x[..., i : i + size], -1) for i in range(0, x.shape[-1], size)], -1)

    return kernel


def of_the_first(x, *, eps=1e-5):
    first = x[..., :5000]
    mean, var = first.mean(-1, keepdims=True), first.var(-1, keepdims=True)
    return ((x - mean) / np.sqrt(var + x.dtype.type(eps))).astype(x.dtype)


@formula("(...), (...) -> (...)")
def decayed(theta, grad, *, learning_rate=1e-3, weight_decay=0.0):
    return theta - learning_rate * (grad + weight_decay * theta)


def without_decay_of_vectors(theta, grad, *, learning_rate=1e-3, weight_decay=0.0):
    return decayed(theta, grad, learning_rate=learning_rate, weight_decay=weight_decay if theta.ndim > 1 else 0.0)


WRONG = [
    ("a keyword that is ignored", rms_scale, lambda x, w, *, epsilon=1e-6: rms_scale(x, w)),
    ("no keyword", rms_scale, lambda x, w: rms_scale(x, w)),
    ("a number that is ignored", centred, lambda x, *, correction=0, negative=False: centred(x, negative=negative)),
    ("a flag that is ignored", centred, lambda x, *, correction=0, negative=False: centred(x, correction=correction)),
    ("an argument that has to be there", affine, lambda x, w, b: x * w + b),
    ("another default of an argument", leaky, lambda x, slope=0.3: leaky(x, slope)),
    ("an axis that has to be there", dot, lambda x, w: (x * w).sum(-1)),
    ("zeros", divided, lambda x, a: x * 0),
    ("a square", divided, lambda x, a: x / (a * a)),
    ("a range cut off at 1", divided_by_any, lambda x, a: x / np.float32(min(a, 1.0))),
    ("two steps", momentum, with_step(lambda step: step + 1)),
    ("no step", momentum, with_step(lambda step: step - 1)),
    ("NaN steps", momentum, with_step(lambda step: float("nan"))),
    ("sums of blocks", scan, in_blocks(64)),
    ("long sums of blocks", scan, in_blocks(8192)),
    ("the mean of the first 5000", layer_scale, of_the_first),
    ("8 bits", numbered, lambda x: x + (np.arange(x.shape[-1]) % 256).astype(x.dtype)),
    ("the next label", surprise, lambda x, labels: surprise(x, next_of(labels, x.shape[1]))),
    ("the other way", distances, lambda x, y: distances(y, x)),
    ("the last number", slope, lambda x: x[..., -1] - x[..., 0]),
    ("the next place", taken, lambda x, places: np.take_along_axis(x, (places + 1) % x.shape[-1], axis=-1)),
    ("a flag that gives NaN to some", poisson, lambda x, t, *, of_logarithm=True, epsilon=1e-8: poisson(x, t)),
    (
        "an option of another way",
        poisson,
        lambda x, t, *, of_logarithm=True, epsilon=1e-8: poisson(x, t, of_logarithm=of_logarithm),
    ),
    ("an option that leaves nothing open", smooth_minimum, lambda x, *, t=1.0: smooth_minimum(x)),
    ("a large threshold that is ignored", softplus, lambda x, *, threshold=20.0, least=20: softplus(x, least=least)),
    ("a large number, ignored", softplus, lambda x, *, threshold=20.0, least=20: softplus(x, threshold=threshold)),
    ("an average that is scaled", averaged, lambda x: averaged(x) * np.float32(1.0001)),
    ("the first 64 frequencies", cosines, lambda x: cosines(x) * (np.arange(x.shape[-1]) < 64).astype(x.dtype)),
    ("both probabilities kept away from 0", jensen_shannon, clamped(jensen_shannon, 1e-10)),
    ("both numbers kept away from 0", share, lambda x, y: x / (x + y + x.dtype.type(1e-12))),
    ("both of a mean kept away from 0", mean_divergence, clamped(mean_divergence, 1e-10)),
    ("halves rounded up", quantised, halves_up),
    ("halves rounded up by an option", quantised_by, lambda x, *, scale=0.05: halves_up(x, x.dtype.type(scale))),
    ("the other side of a margin", hinge_vjp, lambda x, y: np.where(1 - x * y >= 0, -y, 0 * y)),
    (
        "the other side of a threshold, under a flag alone",
        shrunk,
        lambda x, *, least=0.5, is_soft=True: np.where(
            (np.abs(x) == least) & (not is_soft), x, shrunk(x, least=least, is_soft=is_soft)
        ),
    ),
    ("the other side of a literal", clip_vjp, lambda x, g: np.where(np.abs(x) <= 20, g, 0 * g)),
    ("a transpose", squared, lambda x: x @ np.swapaxes(x, -1, -2)),
    ("vectors that do not decay", decayed, without_decay_of_vectors),
]  # fmt: skip


def judged(asked, call, dtype):
    subject = types.SimpleNamespace(__name__="subject", **{asked.__name__: call})
    return check(subject, formulas=[asked], dtypes=[dtype]).passed


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("asked", "call"), [each[1:] for each in WRONG], ids=[each[0] for each in WRONG])
def test_a_wrong_kernel_is_rejected(asked, call):
    assert not judged(asked, call, "float32")


ADDED_IN_HALF = (
    centred,
    layer_scale,
    smooth_minimum,
    jensen_shannon,
    surprise,
)  # NumPy adds in float16, one after the other, in strided rows


ASKED = [*dict.fromkeys(each[1] for each in WRONG)]
IN_TURN = [(asked, ("float32", "float16")[number % 2]) for number, asked in enumerate(ASKED)]


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("asked", "dtype"), IN_TURN, ids=[f"{asked.__name__}-{dtype}" for asked, dtype in IN_TURN])
def test_the_formula_itself_conforms(asked, dtype):
    assert judged(asked, asked, dtype) == (dtype == "float32" or asked not in ADDED_IN_HALF)


@pytest.mark.parametrize("asked", [scan, numbered], ids=lambda asked: asked.__name__)
def test_an_axis_on_which_places_matter_is_not_neutral(asked):
    assert behaviour(declared(asked))["n"] == "mixed"


@pytest.mark.parametrize(
    ("domain", "wanted"),
    [
        ("[0, 1)", (0.9, 0.0, 0.999, 1e-8, 0.25, 0.5, 0.75)),
        ("(1, inf)", (2.75, 41.0)),
        ("(-inf, -2]", (-3.75, -42.0)),
        ("[2, 2]", (2.0,)),
        ("count", plan.COUNTS),
    ],
)
def test_numbers_are_all_over_a_range(domain, wanted):
    assert numbers(domain) == wanted


def test_arrays_in_the_other_order_of_bytes_are_the_same_numbers():
    x = np.linspace(-2, 2, 9, dtype=np.float32)
    assert_conforms(divided(x, 3.0), divided, x.astype(">f4"), 3.0)
    assert_conforms(divided(x, 3.0).astype(">f4"), divided, x, 3.0)


@pytest.mark.parametrize(
    ("asked", "powers", "together"),
    [
        (cosines, {"n": 2}, True),
        (layer_scale, {"n": 1}, True),
        (banded, {"l": 2}, True),
        (filtered, {"n": 1, "k": 1}, True),
        (contrasted, {"n": 2}, True),
        (orthogonalised, {"n": 2}, True),
        (affine, {}, True),
    ],
)
def test_the_memory_of_what_is_made_on_the_way_is_known(asked, powers, together):
    assert growth(declared(asked))[:2] == (powers, together)


@pytest.mark.parametrize(("asked", "stepwise"), [(averaged, "n"), (filtered, "k"), (cosines, ""), (layer_scale, "")])
def test_the_steps_of_a_loop_are_known(asked, stepwise):
    assert "".join(letter for letter, each in growth(declared(asked)).calls.items() if each > 0) == stepwise


@pytest.mark.parametrize("asked", [cosines, banded, filtered, averaged])
def test_no_case_needs_more_memory_or_time_than_there_is(asked):
    for case in made(asked, np.dtype("float32"), 0):
        sizes = {"...": 1} | {letter: len(index) for letter, index in case.to.indices.items()}
        assert on_the_way(declared(asked), sizes) <= plan.BETWEEN * plan.LARGEST


def at_least_the_second(x):
    """The numbers that are no less than the second smallest, which is one of them: its comparison is undecided."""
    exponential = np.exp(x)
    return np.where(exponential >= np.sort(exponential, axis=-1)[..., 1:2], exponential, 0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_number_at_a_computed_threshold_may_be_on_either_side(dtype):
    x = np.random.default_rng(0).normal(size=(50, 6)).astype(dtype)
    places = np.argsort(x, axis=-1)
    right = np.where(x >= np.take_along_axis(x, places[:, 1:2], -1), np.exp(x), 0)
    assert_conforms(right, at_least_the_second, x)
    for factor in (1 + np.finfo(dtype).eps, 1 - np.finfo(dtype).eps):
        assert_conforms(right * right.dtype.type(factor), at_least_the_second, x)
    below, wrong = right.copy(), right.copy()
    np.put_along_axis(below, places[:, 1:2], 0, -1)
    assert_conforms(below, at_least_the_second, x)
    np.put_along_axis(wrong, places[:, 2:3], 0, -1)
    with pytest.raises(AssertionError, match="times the bound"):
        assert_conforms(wrong, at_least_the_second, x)


def average(m, g, b=0.999):
    """An exponential moving average."""
    return b * m + (1 - b) * g


def test_a_hyper_parameter_may_be_cast_to_float32_but_to_nothing_narrower():
    m, g = np.random.default_rng(0).normal(size=(2, 1000)).astype(np.float32)
    b = np.float32(0.999)
    for right in (b * m + (1 - b) * g, b * m + np.float32(1 - 0.999) * g):
        assert_conforms(right, average, m, g)
        with pytest.raises(AssertionError, match="times the bound"):
            assert_conforms(right.astype(np.float64), average, m.astype(np.float64), g.astype(np.float64))
    half = np.float32(np.float16(0.999))
    for wrong in (half * m + (1 - half) * g, b * m + np.float32(0.00101) * g):
        with pytest.raises(AssertionError, match="times the bound"):
            assert_conforms(wrong, average, m, g)


@formula("(..., n), (..., n) -> (...)")
def cosine(a, b, epsilon=1e-8):
    norms = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return np.sum(a * b, axis=-1) / np.maximum(norms, epsilon)


def squares(a):
    return np.sum(a * a, axis=-1)


KERNELS = {
    "right": lambda a, b, epsilon: np.vecdot(a, b) / np.maximum(np.sqrt(squares(a)) * np.sqrt(squares(b)), epsilon),
    "early": lambda a, b, epsilon: np.vecdot(a, b) / np.maximum(np.sqrt(squares(a) * squares(b)), epsilon),
    "no epsilon": lambda a, b, epsilon: np.vecdot(a, b) / (np.sqrt(squares(a)) * np.sqrt(squares(b))),
}


@pytest.mark.whole
@pytest.mark.parametrize("kernel", KERNELS)
def test_large_numbers_in_all_arguments_and_small_ones_are_judged(kernel):
    def of_numpy(a, b, epsilon=1e-8):
        return KERNELS[kernel](a, b, a.dtype.type(epsilon))

    found = check(types.SimpleNamespace(cosine=of_numpy), [cosine], ["float32"])
    assert found.passed == (kernel == "right")


@pytest.mark.parametrize("signature", ["(..., n), (..., n) -> (...)", "(...), (...) -> (...)", "(n, m), (m) -> (n)"])
@pytest.mark.parametrize(("domain", "largest"), [("probability", 1.0), ("nonnegative", np.inf)])
def test_no_case_leaves_the_domain_of_an_argument(signature, domain, largest):
    @formula(signature, domain=(domain,))
    def weighed(p, x):
        return p * x if p.ndim == 0 or signature.startswith("(...),") else np.sum(p * x, axis=-1)

    for each in made(weighed, np.dtype("float32"), 0):
        given = next(iter(unpack(each.compact.arguments)))
        assert not np.any((given < 0) | (given > largest)), each.name


@formula("(...) -> (...)")
def half_up(x):
    return np.floor(x + 0.5)


@formula("(...) -> (...)")
def grid(x, shift=0.25):
    return np.floor((x - shift) * 4 / 8 + 0.5)


def by_truncation(x):
    whole = np.trunc(x)
    return whole + (x - whole >= 0.5) - (x - whole < -0.5)


@formula("(...) -> (...)")
def hard_shrink(x, least=0.5):
    return np.where(np.abs(x) > least, x, 0 * x)


STEPS = [
    (half_up, half_up, True),
    (half_up, by_truncation, True),
    (half_up, np.round, False),
    (half_up, lambda x: np.copysign(np.floor(np.abs(x) + x.dtype.type(0.5)), x), False),
    (hard_shrink, lambda x, least=0.5: np.where((x > least) | (x < -least), x, 0 * x), True),
    (hard_shrink, lambda x, least=0.5: np.where(np.abs(x) >= least, x, 0 * x), False),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("asked", "kernel", "right"), STEPS)
def test_a_step_is_decided_where_what_is_rounded_is_exact(asked, kernel, right, dtype):
    subject = types.SimpleNamespace(**{asked.__name__: kernel})
    assert check(subject, [asked], [dtype]).passed == right


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_only_exact_operations_decide_a_step(dtype):
    x = np.asarray([2.5, 2.25, -1.75, 1e30], dtype)
    _, bound = expected(grid, x)
    assert np.all(bound[:3] == 0)
    with pytest.raises(ValueError, match="the step that makes it so is floor of 2 elements"):
        expected(lambda x: np.floor(x * 3 / 3), np.asarray([1, 2.5], dtype))


@formula("(n), (3) -> (n)")
def padded_as_numpy_does(x, w):
    """Of fewer than three numbers its result is longer than its declaration says."""
    return np.convolve(x, w, mode="same")


def test_a_case_on_which_a_formula_breaks_its_declaration_is_left_out():
    report = check(
        types.SimpleNamespace(padded_as_numpy_does=padded_as_numpy_does), [padded_as_numpy_does], ["float32"]
    )
    assert report.passed
    turned = types.SimpleNamespace(padded_as_numpy_does=lambda x, w: padded_as_numpy_does(x, w[::-1]))
    assert not check(turned, [padded_as_numpy_does], ["float32"]).passed
