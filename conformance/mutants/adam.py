"""Wrong Adams.

Most are `step`, a plain right step, with one of its lines replaced, or with wrong inputs, or with its results spoilt.
"""

import math

import numpy as np

from ...reference import AdamState
from . import breaks
from .memory import buffer, keep, memory, recall
from .rounding import flush, to_bfloat16, to_float16, to_float32, to_tf32

RANDOM = np.random.default_rng(0)


def first_moment(m, g, beta1):
    return beta1 * m + (1 - beta1) * g


def second_moment(v, g, beta2):
    return beta2 * v + (1 - beta2) * (g * g)


def correction(beta, t):
    return -math.expm1(t * math.log(beta)) if beta else 1.0


def hats(m, v, c1, c2):
    return m / c1, v / c2


def direction(m_hat, v_hat, epsilon):
    return m_hat / (np.sqrt(v_hat) + epsilon)


def step(
    theta,
    grad,
    state,
    *,
    learning_rate=0.001,
    beta1=0.9,
    beta2=0.999,
    epsilon=1e-8,
    first=first_moment,
    second=second_moment,
    correction=correction,
    hats=hats,
    direction=direction,
    donate=False,
):
    """A right step, each line of which can be replaced; it makes no use of `donate`."""
    t = state.step + 1
    m, v = first(state.m, grad, beta1), second(state.v, grad, beta2)
    m_hat, v_hat = hats(m, v, correction(beta1, t), correction(beta2, t))
    return theta - learning_rate * direction(m_hat, v_hat, epsilon), AdamState(t, m, v)


def only_where(mask, theta, grad, state, **options):
    """A right step for the elements of a mask; the others are left as they were."""
    new, (t, m, v) = step(theta, grad, state, **options)
    return np.where(mask, new, theta), AdamState(t, np.where(mask, m, state.m), np.where(mask, v, state.v))


def position(array):
    """The number of each element, in C order."""
    return np.arange(array.size).reshape(array.shape)


# What the source has otherwise.


@breaks("adam.bias_correction", "this is the source's first erratum: v_hat is the formula of m_t")
def adam_step__source_v_hat(theta, grad, state, **options):
    return step(theta, grad, state, hats=lambda m, v, c1, c2: (m / c1, m), **options)


@breaks("adam.bias_correction", "v_hat is m_hat once more")
def adam_step__m_hat_twice(theta, grad, state, **options):
    return step(theta, grad, state, hats=lambda m, v, c1, c2: (m / c1, m / c1), **options)


@breaks("adam.update", "this is the source's second erratum: m_hat and v_hat are exchanged in the update")
def adam_step__source_update(theta, grad, state, **options):
    return step(theta, grad, state, direction=lambda m, v, eps: direction(v, m, eps), **options)


@breaks("adam.update", "this is the source as it stands, both errata in it")
def adam_step__source(theta, grad, state, **options):
    swapped = {"hats": lambda m, v, c1, c2: (m / c1, m), "direction": lambda m, v, eps: direction(v, m, eps)}
    return step(theta, grad, state, **swapped, **options)


# Where epsilon goes.


@breaks(
    "adam.epsilon",
    "this is the epsilon-hat form of TensorFlow and Keras",
    "https://github.com/tensorflow/tensorflow/issues/9047",
)
def adam_step__epsilon_hat(theta, grad, state, **options):
    return step(theta, grad, state, hats=lambda m, v, c1, c2: (m * (math.sqrt(c2) / c1), v), **options)


@breaks("adam.epsilon", "this is the epsilon-hat form of TensorFlow and Keras", "https://keras.io/api/optimizers/adam/")
def adam_step__epsilon_hat_in_dtype(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    scalar, t = state.m.dtype.type, state.step + 1  # all that is no array is rounded to the dtype, the powers too
    c1, c2 = (1 - scalar(beta) ** scalar(t) for beta in (beta1, beta2))
    m = state.m + (grad - state.m) * scalar(1 - beta1)
    v = state.v + (grad * grad - state.v) * scalar(1 - beta2)
    alpha = scalar(learning_rate) * np.sqrt(c2) / c1
    return theta - m * alpha / (np.sqrt(v) + scalar(epsilon)), AdamState(t, m, v)


@breaks(
    "adam.epsilon",
    "this is ONNX's: the epsilon-hat form, with beta1, beta2 and epsilon kept as float32",
    "https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adam.html",
)
def adam_step__onnx(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    beta1, beta2, epsilon = (float(np.float32(each)) for each in (beta1, beta2, epsilon))
    t, grad = state.step + 1, 0.0 * theta + grad
    m, v = beta1 * state.m + (1 - beta1) * grad, beta2 * state.v + (1 - beta2) * (grad * grad)
    rate = np.float64(learning_rate) * math.sqrt(1 - beta2**t) / (1 - beta1**t)  # makes float32 arrays float64
    return theta - rate * (m / (np.sqrt(v) + epsilon)), AdamState(t, m, v)


@breaks(
    "adam.epsilon", "this is the epsilon-hat form with Keras's default of 1e-7", "https://keras.io/api/optimizers/adam/"
)
def adam_step__keras(theta, grad, state, *, epsilon=1e-7, **options):
    return adam_step__epsilon_hat(theta, grad, state, epsilon=epsilon, **options)


@breaks(
    "adam.epsilon",
    "epsilon is added inside the root (optax's eps_root)",
    "https://github.com/FluxML/Flux.jl/pull/448",
)
def adam_step__epsilon_inside_root(theta, grad, state, **options):
    return step(theta, grad, state, direction=lambda m, v, eps: m / np.sqrt(v + eps), **options)


@breaks("adam.epsilon", "epsilon is added to v before the bias correction")
def adam_step__epsilon_before_correction(theta, grad, state, *, epsilon=1e-8, **options):
    return step(theta, grad, state, hats=lambda m, v, c1, c2: (m / c1, (v + epsilon) / c2), epsilon=0.0, **options)


@breaks("adam.epsilon", "the square of epsilon is added inside the root, as TensorFlow's sum_inside_sqrt has it")
def adam_step__epsilon_squared_inside(theta, grad, state, **options):
    return step(theta, grad, state, direction=lambda m, v, eps: m / np.sqrt(v + eps * eps), **options)


@breaks("adam.epsilon", "epsilon is added inside the root and outside it")
def adam_step__epsilon_inside_and_outside(theta, grad, state, **options):
    return step(theta, grad, state, direction=lambda m, v, eps: m / (np.sqrt(v + eps) + eps), **options)


@breaks("adam.epsilon", "epsilon is a floor of the root instead of a term")
def adam_step__epsilon_as_floor(theta, grad, state, **options):
    return step(theta, grad, state, direction=lambda m, v, eps: m / np.maximum(np.sqrt(v), eps), **options)


@breaks("adam.epsilon", "the root is multiplied by 1 + epsilon instead of adding epsilon")
def adam_step__epsilon_multiplied(theta, grad, state, **options):
    return step(theta, grad, state, direction=lambda m, v, eps: m / (np.sqrt(v) * (1 + eps)), **options)


@breaks("adam.epsilon", "epsilon is missing")
def adam_step__epsilon_missing(theta, grad, state, **options):
    return step(theta, grad, state, direction=lambda m, v, eps: m / np.sqrt(v), **options)


@breaks("adam.epsilon", "the default of epsilon is 1e-7")
def adam_step__epsilon_default_1e_7(theta, grad, state, *, epsilon=1e-7, **options):
    return step(theta, grad, state, epsilon=epsilon, **options)


@breaks("adam.epsilon", "epsilon is added to the quotient, after the division")
def adam_step__epsilon_after_division(theta, grad, state, **options):
    return step(theta, grad, state, direction=lambda m, v, eps: m / np.sqrt(v) + eps, **options)


@breaks("adam.epsilon", "epsilon = 0 is taken for 'not given'")
def adam_step__epsilon_zero_is_default(theta, grad, state, *, epsilon=1e-8, **options):
    return step(theta, grad, state, epsilon=epsilon or 1e-8, **options)


@breaks("adam.second_moment", "epsilon is added to the v that is kept")
def adam_step__epsilon_in_state(theta, grad, state, **options):
    return step(theta, grad, state, second=lambda v, g, beta2: second_moment(v, g, beta2) + 1e-8, **options)


# The bias correction.


@breaks("adam.bias_correction", "the bias correction is missing", "https://github.com/oxiglade/mlx-rs/issues/301")
def adam_step__no_correction(theta, grad, state, **options):
    return step(theta, grad, state, hats=lambda m, v, c1, c2: (m, v), **options)


@breaks("adam.bias_correction", "only m is corrected")
def adam_step__corrects_m_only(theta, grad, state, **options):
    return step(theta, grad, state, hats=lambda m, v, c1, c2: (m / c1, v), **options)


@breaks("adam.bias_correction", "only v is corrected")
def adam_step__corrects_v_only(theta, grad, state, **options):
    return step(theta, grad, state, hats=lambda m, v, c1, c2: (m, v / c2), **options)


@breaks(
    "adam.bias_correction",
    "the moments are multiplied by 1 - beta^t, not divided",
    "https://github.com/karpathy/convnetjs/pull/70",
)
def adam_step__correction_multiplied(theta, grad, state, **options):
    return step(theta, grad, state, hats=lambda m, v, c1, c2: (m * c1, v * c2), **options)


@breaks("adam.bias_correction", "the root of v is divided by 1 - beta2^t, without the root of that")
def adam_step__correction_outside_root(theta, grad, state, **options):
    return step(theta, grad, state, hats=lambda m, v, c1, c2: (m / c1, v / (c2 * c2)), **options)


@breaks("adam.bias_correction", "t of the bias correction is one too many")
def adam_step__correction_one_late(theta, grad, state, **options):
    return step(theta, grad, state, correction=lambda beta, t: correction(beta, t + 1), **options)


@breaks(
    "adam.bias_correction",
    "t of the bias correction is one too few, and 0 at the first step",
    "https://github.com/deeplearning4j/nd4j/pull/1227",
)
def adam_step__correction_one_early(theta, grad, state, **options):
    early = {"correction": lambda beta, t: theta.dtype.type(correction(beta, t - 1))}  # a 0 that divides
    return step(theta, grad, state, **early, **options)


@breaks("adam.bias_correction", "t of the bias correction starts at 0, held at 1 there")
def adam_step__correction_one_early_but_first(theta, grad, state, **options):
    return step(theta, grad, state, correction=lambda beta, t: correction(beta, max(t - 1, 1)), **options)


@breaks(
    "adam.bias_correction",
    "the bias correction is 1 - beta, without the power of t",
    "https://github.com/eriklindernoren/ML-From-Scratch/issues/35",
)
def adam_step__correction_without_power(theta, grad, state, **options):
    return step(theta, grad, state, correction=lambda beta, t: 1 - beta, **options)


@breaks("adam.bias_correction", "both moments are corrected with beta1")
def adam_step__correction_with_beta1(theta, grad, state, **options):
    return step(theta, grad, state, hats=lambda m, v, c1, c2: (m / c1, v / c1), **options)


@breaks("adam.bias_correction", "both moments are corrected with beta2")
def adam_step__correction_with_beta2(theta, grad, state, **options):
    return step(theta, grad, state, hats=lambda m, v, c1, c2: (m / c2, v / c2), **options)


@breaks("adam.bias_correction", "the corrections of the two moments are exchanged")
def adam_step__corrections_exchanged(theta, grad, state, **options):
    return step(theta, grad, state, hats=lambda m, v, c1, c2: (m / c2, v / c1), **options)


@breaks("adam.bias_correction", "1 - beta**t is formed as it stands, where it cancels, as in PyTorch and optax")
def adam_step__power_in_dtype(theta, grad, state, **options):
    return step(theta, grad, state, correction=lambda beta, t: 1 - theta.dtype.type(beta) ** t, **options)


@breaks("adam.bias_correction", "1 - beta**t is formed as it stands, where it cancels, as in PyTorch and optax")
def adam_step__power_in_binary64(theta, grad, state, **options):
    return step(theta, grad, state, correction=lambda beta, t: 1 - beta**t, **options)


@breaks("adam.bias_correction", "beta^t is carried from step to step as a product in float32")
def adam_step__power_by_products(theta, grad, state, **options):
    def correction(beta, t):
        return 1 - float(np.prod(np.full(min(t, 5000), beta, np.float32)))

    return step(theta, grad, state, correction=correction, **options)


@breaks("adam.bias_correction", "beta^t is a power of float16")
def adam_step__power_in_half(theta, grad, state, **options):
    def correction(beta, t):
        return 1 - float(np.float16(beta) ** np.float16(min(t, 60000)))

    return step(theta, grad, state, correction=correction, **options)


@breaks("adam.bias_correction", "the bias correction is cut to the 11 bits of TF32")
def adam_step__correction_in_tf32(theta, grad, state, **options):
    rounded = {"correction": lambda beta, t: float(to_tf32(np.float64(correction(beta, t))))}
    return step(theta, grad, state, **rounded, **options)


@breaks("adam.bias_correction", "log(0) is asked for where beta is 0")
def adam_bias_correction__log_of_zero(moment, beta, t):
    return moment / -math.expm1(t * math.log(beta))


@breaks("adam.bias_correction", "1 - beta**t is formed in the arrays' dtype, where it cancels")
def adam_bias_correction__power_in_dtype(moment, beta, t):
    return moment / (1 - moment.dtype.type(beta) ** t)


@breaks("adam.bias_correction", "t is one too many")
def adam_bias_correction__one_late(moment, beta, t):
    return moment / correction(beta, t + 1)


@breaks("adam.bias_correction", "the moment is multiplied by 1 - beta^t, not divided")
def adam_bias_correction__multiplied(moment, beta, t):
    return moment * correction(beta, t)


@breaks("adam.bias_correction", "the correction is 1 - beta, without the power of t")
def adam_bias_correction__without_power(moment, beta, t):
    return moment / (1 - beta)


@breaks("adam.bias_correction", "the correction is missing")
def adam_bias_correction__missing(moment, beta, t):
    return moment * 1.0


# The count of the steps.


@breaks("adam.step", "the step of the state is not advanced")
def adam_step__step_not_advanced(theta, grad, state, **options):
    theta, new = step(theta, grad, state, **options)
    return theta, new._replace(step=state.step)


@breaks("adam.step", "the step of the state is advanced twice")
def adam_step__step_advanced_twice(theta, grad, state, **options):
    theta, new = step(theta, grad, state, **options)
    return theta, new._replace(step=new.step + 1)


@breaks("adam.step", "the step counts elements, as a counter in the loop over them does")
def adam_step__step_counts_elements(theta, grad, state, **options):
    theta, new = step(theta, grad, state, **options)
    return theta, new._replace(step=state.step + theta.size)


@breaks("adam.step", "the step is always 1")
def adam_step__step_always_one(theta, grad, state, **options):
    theta, new = step(theta, grad, state, **options)
    return theta, new._replace(step=1)


@breaks("adam.step", "the step is no integer")
def adam_step__step_is_no_integer(theta, grad, state, **options):
    theta, new = step(theta, grad, state, **options)
    return theta, new._replace(step=new.step + 0.5)


@breaks("adam.late_steps", "t is kept in 8 bits")
def adam_step__step_of_8_bits(theta, grad, state, **options):
    return step(theta, grad, state, correction=lambda beta, t: correction(beta, t % 256 or 256), **options)


@breaks("adam.late_steps", "t is kept in 16 bits")
def adam_step__step_of_16_bits(theta, grad, state, **options):
    return step(theta, grad, state, correction=lambda beta, t: correction(beta, t % 65536 or 65536), **options)


@breaks("adam.late_steps", "t is a bfloat16")
def adam_step__step_in_bfloat16(theta, grad, state, **options):
    coarse = {"correction": lambda beta, t: correction(beta, float(to_bfloat16(np.float32(t))))}
    return step(theta, grad, state, **coarse, **options)


@breaks("adam.late_steps", "t is a float16")
def adam_step__step_in_half(theta, grad, state, **options):
    half = {"correction": lambda beta, t: correction(beta, float(np.float16(min(t, 60000))))}
    return step(theta, grad, state, **half, **options)


@breaks(
    "adam.late_steps",
    "t is counted in bfloat16, which stays at 256",
    "https://github.com/pytorch/ao/pull/4915",
)
def adam_step__step_stays_at_256(theta, grad, state, **options):
    return step(theta, grad, state, correction=lambda beta, t: correction(beta, min(t, 256)), **options)


@breaks("adam.late_steps", "the bias correction ends after 1000 steps")
def adam_step__correction_ends_at_1000(theta, grad, state, **options):
    return step(theta, grad, state, correction=lambda beta, t: correction(beta, t) if t <= 1000 else 1.0, **options)


@breaks("adam.late_steps", "the bias correction ends after 10000 steps")
def adam_step__correction_ends_at_10000(theta, grad, state, **options):
    return step(theta, grad, state, correction=lambda beta, t: correction(beta, t) if t <= 10000 else 1.0, **options)


@breaks("adam.late_steps", "beta^-t overflows")
def adam_step__inverse_power_overflows(theta, grad, state, **options):
    def correction(beta, t):
        grown = np.exp(np.float64(-t * math.log(beta or 1e-30)))
        return float((grown - 1) / grown)

    return step(theta, grad, state, correction=correction, **options)


# The hyper-parameters.


@breaks("adam.hyper_parameters", "learning_rate is ignored")
def adam_step__learning_rate_ignored(theta, grad, state, *, learning_rate=0.001, **options):
    return step(theta, grad, state, **options)


@breaks("adam.hyper_parameters", "beta1 is ignored")
def adam_step__beta1_ignored(theta, grad, state, *, beta1=0.9, **options):
    return step(theta, grad, state, **options)


@breaks("adam.hyper_parameters", "beta2 is ignored")
def adam_step__beta2_ignored(theta, grad, state, *, beta2=0.999, **options):
    return step(theta, grad, state, **options)


@breaks("adam.hyper_parameters", "epsilon is ignored")
def adam_step__epsilon_ignored(theta, grad, state, *, epsilon=1e-8, **options):
    return step(theta, grad, state, **options)


@breaks("adam.hyper_parameters", "the bias correction has 0.9 and 0.999 written into it")
def adam_step__correction_hard_coded(theta, grad, state, **options):
    return step(theta, grad, state, correction=lambda beta, t: correction(0.9 if beta < 0.95 else 0.999, t), **options)


@breaks("adam.hyper_parameters", "beta = 0 is taken for 'not given'")
def adam_step__beta_zero_is_default(theta, grad, state, *, beta1=0.9, beta2=0.999, **options):
    return step(theta, grad, state, beta1=beta1 or 0.9, beta2=beta2 or 0.999, **options)


@breaks("adam.hyper_parameters", "learning_rate = 0 is taken for 'not given'")
def adam_step__learning_rate_zero_is_default(theta, grad, state, *, learning_rate=0.001, **options):
    return step(theta, grad, state, learning_rate=learning_rate or 0.001, **options)


@breaks("adam.hyper_parameters", "beta1 and beta2 are exchanged")
def adam_step__betas_exchanged(theta, grad, state, *, beta1=0.9, beta2=0.999, **options):
    return step(theta, grad, state, beta1=beta2, beta2=beta1, **options)


@breaks("adam.hyper_parameters", "the default of beta2 is 0.99")
def adam_step__beta2_default_099(theta, grad, state, *, beta2=0.99, **options):
    return step(theta, grad, state, beta2=beta2, **options)


@breaks("adam.second_moment", "1 - beta1 and 1 - beta2 are formed in float32, as in TensorFlow.js")
def adam_step__weights_in_float32(theta, grad, state, **options):
    def weight(beta):
        return float(np.float32(1) - np.float32(beta))

    moments = {
        "first": lambda m, g, beta: beta * m + weight(beta) * g,
        "second": lambda v, g, beta: beta * v + weight(beta) * (g * g),
    }
    return step(theta, grad, state, **moments, **options)


@breaks("adam.second_moment", "1 - beta2 is formed in float32, where it is off by 1.3e-5")
def adam_step__one_minus_beta_in_float32(theta, grad, state, **options):
    def second(v, g, beta2):
        return beta2 * v + float(np.float32(1) - np.float32(beta2)) * (g * g)

    return step(theta, grad, state, second=second, **options)


@breaks("adam.first_moment", "1 - beta1 is formed in float32, where it is off by 2.4e-7")
def adam_step__one_minus_beta1_in_float32(theta, grad, state, **options):
    def first(m, g, beta1):
        return beta1 * m + float(np.float32(1) - np.float32(beta1)) * g

    return step(theta, grad, state, first=first, **options)


@breaks("adam.second_moment", "the hyper-parameters are kept as float32")
def adam_step__hyper_parameters_in_float32(theta, grad, state, *, beta1=0.9, beta2=0.999, **options):
    beta1, beta2 = float(np.float32(beta1)), float(np.float32(beta2))
    return step(theta, grad, state, beta1=beta1, beta2=beta2, **options)


@breaks(
    "adam.second_moment",
    "the betas are cut to bfloat16, where 0.999 becomes 0.996",
    "https://github.com/tenstorrent/tt-metal/issues/55935",
)
def adam_step__betas_in_bfloat16(theta, grad, state, *, beta1=0.9, beta2=0.999, **options):
    beta1, beta2 = (np.array([beta1, beta2], np.float32).view(np.uint32) & 0xFFFF0000).view(np.float32).tolist()
    return step(theta, grad, state, beta1=beta1, beta2=beta2, **options)


@breaks("adam.update", "the learning rate is kept as bfloat16")
def adam_step__learning_rate_in_bfloat16(theta, grad, state, *, learning_rate=0.001, **options):
    return step(theta, grad, state, learning_rate=float(to_bfloat16(np.float32(learning_rate))), **options)


@breaks("adam.update", "the learning rate falls with the root of t, as in the paper's proof but not in Algorithm 1")
def adam_step__learning_rate_over_root_t(theta, grad, state, *, learning_rate=0.001, **options):
    return step(theta, grad, state, learning_rate=learning_rate / math.sqrt(state.step + 1), **options)


@breaks("adam.update", "the learning rate warms up over 1000 steps")
def adam_step__learning_rate_warms_up(theta, grad, state, *, learning_rate=0.001, **options):
    return step(theta, grad, state, learning_rate=learning_rate * min(1, (state.step + 1) / 1000), **options)


@breaks(
    "adam.first_moment",
    "beta1 decays with t, as in the paper's Theorem 4.1 but not in Algorithm 1",
    "https://github.com/mila-iqia/blocks/pull/1144",
)
def adam_step__beta1_decays(theta, grad, state, **options):
    def first(m, g, beta1):
        return first_moment(m, g, beta1 * (1 - 1e-8) ** state.step)

    return step(theta, grad, state, first=first, **options)


# Other optimizers.


@breaks("adam.second_moment", "this is AMSGrad: the largest v so far", "https://arxiv.org/abs/1904.09237")
def adam_step__amsgrad(theta, grad, state, **options):
    return step(theta, grad, state, second=lambda v, g, beta2: np.maximum(v, second_moment(v, g, beta2)), **options)


@breaks("adam.update", "this is AdamW: weight decay of 0.01 beside the step", "https://arxiv.org/abs/1711.05101")
def adam_step__adamw(theta, grad, state, *, learning_rate=0.001, **options):
    new, state = step(theta, grad, state, learning_rate=learning_rate, **options)
    return new - learning_rate * 0.01 * theta, state


@breaks("adam.first_moment", "this is Adam with L2: weight decay of 0.01 in the gradient")
def adam_step__l2(theta, grad, state, **options):
    return step(theta, grad + 0.01 * theta, state, **options)


@breaks("adam.update", "this is Nadam", "https://openreview.net/pdf/OM0jvwB8jIp57ZJjtNEZ.pdf")
def adam_step__nadam(theta, grad, state, *, beta1=0.9, **options):
    def hats(m, v, c1, c2):
        return first_moment(m, grad, beta1) / c1, v / c2

    return step(theta, grad, state, beta1=beta1, hats=hats, **options)


@breaks("adam.second_moment", "this is AdaBelief: the square of g - m", "https://arxiv.org/abs/2010.07468")
def adam_step__adabelief(theta, grad, state, *, beta1=0.9, **options):
    def second(v, g, beta2):
        return second_moment(v, g - first_moment(state.m, g, beta1), beta2)

    return step(theta, grad, state, beta1=beta1, second=second, **options)


@breaks("adam.second_moment", "this is AdaMax: the largest |g|", "https://arxiv.org/abs/1412.6980")
def adam_step__adamax(theta, grad, state, **options):
    def second(v, g, beta2):
        return np.maximum(beta2 * v, np.abs(g))

    return step(theta, grad, state, second=second, hats=lambda m, u, c1, c2: (m / c1, u * u), **options)


@breaks("adam.update", "this is RMSProp: the gradient instead of its average")
def adam_step__rmsprop(theta, grad, state, **options):
    return step(theta, grad, state, hats=lambda m, v, c1, c2: (grad, v), **options)


@breaks("adam.second_moment", "this is AdaGrad: the squares are summed without decay")
def adam_step__adagrad(theta, grad, state, **options):
    return step(theta, grad, state, second=lambda v, g, beta2: v + g * g, **options)


@breaks("adam.update", "this is momentum: no division by the root")
def adam_step__momentum(theta, grad, state, **options):
    return step(theta, grad, state, direction=lambda m, v, eps: m, **options)


@breaks("adam.update", "only the sign of m_hat is used")
def adam_step__sign(theta, grad, state, **options):
    return step(theta, grad, state, direction=lambda m, v, eps: np.sign(m), **options)


@breaks("adam.elementwise", "this is LAMB: the step is scaled by the norm of theta over its own")
def adam_step__lamb(theta, grad, state, *, learning_rate=0.001, **options):
    new, state = step(theta, grad, state, learning_rate=1.0, **options)
    ratio = np.sqrt(np.sum(theta * theta)) / np.sqrt(np.sum((theta - new) * (theta - new)))
    return theta - learning_rate * (np.where(ratio > 0, ratio, 1).astype(theta.dtype) * (theta - new)), state


# The moments.


@breaks("adam.second_moment", "the gradient is not squared")
def adam_step__not_squared(theta, grad, state, **options):
    return step(theta, grad, state, second=first_moment, **options)


@breaks("adam.second_moment", "the absolute gradient in the place of its square")
def adam_step__absolute_for_square(theta, grad, state, **options):
    return step(theta, grad, state, second=lambda v, g, beta2: beta2 * v + (1 - beta2) * np.abs(g), **options)


@breaks("adam.second_moment", "1 - beta2 is squared with the gradient")
def adam_step__weight_squared(theta, grad, state, **options):
    return step(theta, grad, state, second=lambda v, g, beta2: beta2 * v + ((1 - beta2) * g) ** 2, **options)


@breaks("adam.second_moment", "the square of m' in the place of the square of the gradient")
def adam_step__square_of_m(theta, grad, state, *, beta1=0.9, **options):
    def second(v, g, beta2):
        return second_moment(v, first_moment(state.m, g, beta1), beta2)

    return step(theta, grad, state, beta1=beta1, second=second, **options)


@breaks("adam.second_moment", "the variance of the gradient: its square less the square of m")
def adam_step__variance(theta, grad, state, **options):
    return step(theta, grad, state, second=lambda v, g, beta2: second_moment(v, g - state.m, beta2), **options)


@breaks("adam.first_moment", "the absolute gradient in the first moment")
def adam_step__absolute_gradient(theta, grad, state, **options):
    return step(theta, np.abs(grad), state, **options)


@breaks("adam.first_moment", "the gradient enters the first moment without its weight 1 - beta1")
def adam_step__no_dampening(theta, grad, state, **options):
    return step(theta, grad, state, first=lambda m, g, beta1: beta1 * m + g, **options)


@breaks("adam.first_moment", "the weights of the old moment and the gradient are exchanged")
def adam_step__weights_exchanged(theta, grad, state, **options):
    return step(theta, grad, state, first=lambda m, g, beta1: first_moment(g, m, beta1), **options)


@breaks("adam.first_moment", "the moments start anew at each step")
def adam_step__moments_reset(theta, grad, state, **options):
    return step(theta, grad, AdamState(state.step, np.zeros_like(theta), np.zeros_like(theta)), **options)


@breaks("adam.first_moment", "m and v are exchanged in the state that is given")
def adam_step__state_exchanged(theta, grad, state, **options):
    return step(theta, grad, AdamState(state.step, state.v, state.m), **options)


@breaks("adam.first_moment", "m and v are exchanged in the state that is returned")
def adam_step__result_exchanged(theta, grad, state, **options):
    theta, (t, m, v) = step(theta, grad, state, **options)
    return theta, AdamState(t, v, m)


@breaks("adam.state", "the corrected moments are kept in the state", "https://github.com/frgfm/holocron/issues/1")
def adam_step__corrected_moments_kept(theta, grad, state, *, beta1=0.9, beta2=0.999, **options):
    theta, (t, m, v) = step(theta, grad, state, beta1=beta1, beta2=beta2, **options)
    return theta, AdamState(t, *hats(m, v, correction(beta1, t), correction(beta2, t)))


@breaks("adam.state", "the moments of the state are not updated")
def adam_step__state_not_updated(theta, grad, state, **options):
    theta, (t, _, _) = step(theta, grad, state, **options)
    return theta, AdamState(t, state.m.copy(), state.v.copy())


@breaks("adam.update", "theta moves by the m of the step before")
def adam_step__stale_m(theta, grad, state, **options):
    return step(theta, grad, state, hats=lambda m, v, c1, c2: (state.m / c1, v / c2), **options)


@breaks("adam.update", "theta moves by the v of the step before")
def adam_step__stale_v(theta, grad, state, **options):
    return step(theta, grad, state, hats=lambda m, v, c1, c2: (m / c1, state.v / c2), **options)


@breaks("adam.first_moment", "the weights of the old moment and the gradient are exchanged")
def adam_first_moment__weights_exchanged(m, grad, beta1):
    return first_moment(grad, m, beta1)


@breaks("adam.first_moment", "the gradient enters without its weight 1 - beta1")
def adam_first_moment__no_dampening(m, grad, beta1):
    return beta1 * m + grad


@breaks("adam.first_moment", "beta1 = 0 is taken for 'not given'")
def adam_first_moment__zero_is_default(m, grad, beta1):
    return first_moment(m, grad, beta1 or 0.9)


@breaks("adam.second_moment", "the gradient is not squared")
def adam_second_moment__not_squared(v, grad, beta2):
    return first_moment(v, grad, beta2)


@breaks("adam.second_moment", "the mean of the squares over the elements")
def adam_second_moment__mean_square(v, grad, beta2):
    return beta2 * v + (1 - beta2) * np.mean(grad * grad)


@breaks("adam.second_moment", "1 - beta2 is formed in float32, where it is off by 1.3e-5")
def adam_second_moment__one_minus_beta_in_float32(v, grad, beta2):
    return beta2 * v + float(np.float32(1) - np.float32(beta2)) * (grad * grad)


# The update.


@breaks("adam.update", "theta goes up the gradient: the sign of the step is turned round")
def adam_step__plus(theta, grad, state, *, learning_rate=0.001, **options):
    return step(theta, grad, state, learning_rate=-learning_rate, **options)


@breaks("adam.update", "the root of v_hat is missing")
def adam_step__no_root(theta, grad, state, **options):
    return step(theta, grad, state, direction=lambda m, v, eps: m / (v + eps), **options)


@breaks("adam.update", "the step is returned instead of the parameters after it")
def adam_step__step_returned(theta, grad, state, **options):
    new, state = step(theta, grad, state, **options)
    return theta - new, state


@breaks("adam.update", "the step is capped at the learning rate")
def adam_step__capped(theta, grad, state, **options):
    return step(theta, grad, state, direction=lambda m, v, eps: np.clip(direction(m, v, eps), -1, 1), **options)


@breaks("adam.update", "the reciprocal of the root is an estimate of 11 bits")
def adam_step__reciprocal_estimate(theta, grad, state, **options):
    return step(theta, grad, state, direction=lambda m, v, eps: m * to_tf32(direction(1, v, eps)), **options)


@breaks("adam.update", "m_hat and v_hat are exchanged")
def adam_update__exchanged(theta, m_hat, v_hat, learning_rate, epsilon):
    return theta - learning_rate * direction(v_hat, m_hat, epsilon)


@breaks("adam.update", "the root is missing")
def adam_update__no_root(theta, m_hat, v_hat, learning_rate, epsilon):
    return theta - learning_rate * (m_hat / (v_hat + epsilon))


@breaks("adam.update", "the sign of the step is turned round")
def adam_update__plus(theta, m_hat, v_hat, learning_rate, epsilon):
    return theta + learning_rate * direction(m_hat, v_hat, epsilon)


@breaks("adam.epsilon", "epsilon is added inside the root")
def adam_update__epsilon_inside_root(theta, m_hat, v_hat, learning_rate, epsilon):
    return theta - learning_rate * (m_hat / np.sqrt(v_hat + epsilon))


@breaks("adam.epsilon", "epsilon is missing")
def adam_update__epsilon_missing(theta, m_hat, v_hat, learning_rate, epsilon):
    return theta - learning_rate * (m_hat / np.sqrt(v_hat))


# Elements that depend on others, and elements left out.


@breaks("adam.elementwise", "v is the mean of the squares over all elements")
def adam_step__mean_square(theta, grad, state, **options):
    return step(theta, grad, state, second=lambda v, g, b: b * v + (1 - b) * np.mean(g * g), **options)


@breaks("adam.elementwise", "the gradient is divided by its norm")
def adam_step__normalised_gradient(theta, grad, state, **options):
    norm = np.sqrt(np.sum(grad * grad))
    return step(theta, grad / np.where(norm > 0, norm, 1).astype(grad.dtype), state, **options)


@breaks("adam.elementwise", "the gradient is centred: its mean is subtracted")
def adam_step__centred_gradient(theta, grad, state, **options):
    return step(theta, grad - (np.mean(grad) if grad.size else 0), state, **options)


@breaks("adam.first_moment", "each gradient is clipped to 1")
def adam_step__gradient_clipped(theta, grad, state, **options):
    return step(theta, np.clip(grad, -1, 1), state, **options)


@breaks("adam.elementwise", "the norm of the gradient is clipped to 1")
def adam_step__gradient_norm_clipped(theta, grad, state, **options):
    return step(theta, grad / np.maximum(np.sqrt(np.sum(grad * grad)), 1), state, **options)


@breaks(
    "adam.zero_gradient",
    "this is lazy Adam: elements without a gradient are left as they are",
    "https://github.com/tensorflow/tensorflow/issues/23668",
)
def adam_step__lazy(theta, grad, state, **options):
    return only_where(grad != 0, theta, grad, state, **options)


@breaks("adam.zero_gradient", "theta stays where the gradient is 0, though the moments decay")
def adam_step__theta_stays_without_gradient(theta, grad, state, **options):
    new, state = step(theta, grad, state, **options)
    return np.where(grad == 0, theta, new), state


@breaks("adam.zero_gradient", "a step whose gradient is 0 everywhere is skipped")
def adam_step__zero_gradient_skipped(theta, grad, state, **options):
    return only_where(bool(np.any(grad != 0)), theta, grad, state, **options)


@breaks("adam.elementwise", "the last n % 8 elements are left out")
def adam_step__last_elements_left_out(theta, grad, state, **options):
    return only_where(position(theta) < theta.size // 8 * 8, theta, grad, state, **options)


@breaks("adam.elementwise", "elements beyond 4096 are left out")
def adam_step__elements_beyond_4096_left_out(theta, grad, state, **options):
    return only_where(position(theta) < 4096, theta, grad, state, **options)


# NaN and infinity.


@breaks("adam.nan", "NaN gradients are replaced by 0")
def adam_step__nan_replaced(theta, grad, state, **options):
    return step(theta, np.nan_to_num(grad), state, **options)


@breaks("adam.nan", "a step with a NaN in its gradient is skipped, as loss scaling does")
def adam_step__nan_skips_step(theta, grad, state, **options):
    return only_where(not np.any(np.isnan(grad)), theta, grad, state, **options)


@breaks("adam.nan", "elements with a NaN in the step keep their theta")
def adam_step__nan_keeps_theta(theta, grad, state, **options):
    new, state = step(theta, grad, state, **options)
    return np.where(np.isnan(new), theta, new), state


@breaks("adam.nan", "a NaN spreads to all elements")
def adam_step__nan_spreads(theta, grad, state, **options):
    return step(theta, grad + 0 * np.sum(grad), state, **options)


@breaks("adam.nan", "a NaN spreads to the elements after it")
def adam_step__nan_spreads_onwards(theta, grad, state, **options):
    return step(theta, grad + 0 * np.cumsum(grad).reshape(grad.shape), state, **options)


@breaks("adam.nan", "NaN in v is replaced by 0")
def adam_step__nan_in_v_lost(theta, grad, state, **options):
    return step(theta, grad, state._replace(v=np.fmax(state.v, 0)), **options)


# Precision.


@breaks("adam.first_moment", "the gradients are rounded to bfloat16")
def adam_step__gradient_in_bfloat16(theta, grad, state, **options):
    return step(theta, to_bfloat16(grad), state, **options)


@breaks("adam.first_moment", "the gradients are rounded to TF32")
def adam_step__gradient_in_tf32(theta, grad, state, **options):
    return step(theta, to_tf32(grad), state, **options)


@breaks("adam.state", "the moments are kept as bfloat16")
def adam_step__state_in_bfloat16(theta, grad, state, **options):
    theta, (t, m, v) = step(theta, grad, state, **options)
    return theta, AdamState(t, to_bfloat16(m), to_bfloat16(v))


@breaks("adam.state", "the moments are kept as float16")
def adam_step__state_in_half(theta, grad, state, **options):
    theta, (t, m, v) = step(theta, grad, state, **options)
    return theta, AdamState(t, to_float16(m), to_float16(v))


@breaks("adam.second_moment", "v is kept as bfloat16")
def adam_step__v_in_bfloat16(theta, grad, state, **options):
    theta, new = step(theta, grad, state, **options)
    return theta, new._replace(v=to_bfloat16(new.v))


@breaks("adam.update", "the step is rounded to float16")
def adam_step__update_in_half(theta, grad, state, **options):
    return step(theta, grad, state, direction=lambda m, v, eps: to_float16(direction(m, v, eps)), **options)


@breaks("adam.update", "theta is kept as bfloat16")
def adam_step__theta_in_bfloat16(theta, grad, state, **options):
    theta, state = step(theta, grad, state, **options)
    return to_bfloat16(theta), state


@breaks("adam.update", "float64 is computed in float32")
def adam_step__float32_inside(theta, grad, state, **options):
    single = [a.astype(np.float32) for a in (theta, grad, state.m, state.v)]
    new, (t, m, v) = step(*single[:2], AdamState(state.step, *single[2:]), **options)
    return new.astype(theta.dtype), AdamState(t, m.astype(theta.dtype), v.astype(theta.dtype))


@breaks("adam.update", "the root is a float32")
def adam_step__root_in_float32(theta, grad, state, **options):
    return step(theta, grad, state, direction=lambda m, v, eps: m / (to_float32(np.sqrt(v)) + eps), **options)


@breaks("adam.subnormal", "a square that is subnormal becomes 0")
def adam_step__square_flushed(theta, grad, state, **options):
    return step(theta, grad, state, second=lambda v, g, b: b * v + (1 - b) * flush(g * g), **options)


@breaks("adam.subnormal", "subnormal moments become 0")
def adam_step__moments_flushed(theta, grad, state, **options):
    theta, (t, m, v) = step(theta, grad, state, **options)
    return theta, AdamState(t, flush(m), flush(v))


@breaks("adam.subnormal", "subnormal gradients and moments are read as 0")
def adam_step__inputs_flushed(theta, grad, state, **options):
    return step(theta, flush(grad), AdamState(state.step, flush(state.m), flush(state.v)), **options)


# Memory, shapes and dtypes.


@breaks("adam.pure", "theta is written over")
def adam_step__theta_in_place(theta, grad, state, **options):
    theta[...], state = step(theta, grad, state, **options)
    return theta, state


@breaks("adam.pure", "the moments of the state are written over")
def adam_step__moments_in_place(theta, grad, state, **options):
    theta, (t, state.m[...], state.v[...]) = step(theta, grad, state, **options)
    return theta, AdamState(t, state.m, state.v)


@breaks("adam.pure", "the gradient is set to 0 after the step")
def adam_step__gradient_zeroed(theta, grad, state, **options):
    result = step(theta, grad, state, **options)
    grad[...] = 0
    return result


@breaks("adam.pure", "with beta1 = 0 the first moment is the gradient's own memory")
def adam_step__m_is_gradient(theta, grad, state, **options):
    return step(theta, grad, state, first=lambda m, g, b: first_moment(m, g, b) if b else g, **options)


@breaks("adam.pure", "every call returns the same memory")
def adam_step__buffer_reused(theta, grad, state, **options):
    new = buffer(theta.shape, theta.dtype)
    new[...], state = step(theta, grad, state, **options)
    return new, state


# What is done with arrays that were given away, or were not.


def in_place(theta, grad, state, **options):
    """A right step, its results written over theta and the state."""
    theta[...], (t, state.m[...], state.v[...]) = step(theta, grad, state, **options)
    return theta, AdamState(t, state.m, state.v)


@breaks("adam.pure", "donate is True by default")
def adam_step__donate_by_default(theta, grad, state, *, donate=True, **options):
    return (in_place if donate else step)(theta, grad, state, **options)


@breaks("adam.pure", "donate=False is taken for True")
def adam_step__donate_false_is_true(theta, grad, state, *, donate=None, **options):
    return (step if donate is None else in_place)(theta, grad, state, **options)


@breaks("adam.pure", "with donate, every call returns the same memory")
def adam_step__donated_buffer_reused(theta, grad, state, *, donate=False, **options):
    new, state = step(theta, grad, state, **options)
    if donate:
        buffer(theta.shape, theta.dtype)[...] = new
        new = buffer(theta.shape, theta.dtype)
    return new, state


@breaks("adam.donate", "with donate, the square of the gradient is written over it")
def adam_step__donated_gradient_squared(theta, grad, state, *, donate=False, **options):
    result = step(theta, grad, state, **options)
    if donate:
        grad *= grad
    return result


@breaks("adam.donate", "with donate, m' is written over the gradient")
def adam_step__donated_m_in_gradient(theta, grad, state, *, donate=False, **options):
    theta, (t, m, v) = step(theta, grad, state, **options)
    if donate:
        grad[...], m = m, grad
    return theta, AdamState(t, m, v)


@breaks("adam.donate", "with donate, what was given is returned, and the results are lost")
def adam_step__donated_results_lost(theta, grad, state, *, donate=False, **options):
    return (theta, state._replace(step=state.step + 1)) if donate else step(theta, grad, state, **options)


@breaks("adam.donate", "with donate, m is read again after it was written over")
def adam_step__donated_m_read_again(theta, grad, state, *, beta1=0.9, donate=False, **options):
    if donate:
        state.m[...] = first_moment(state.m, grad, beta1)
    return step(theta, grad, state, beta1=beta1, **options)


@breaks("adam.donate", "with donate, theta is read again after it was written over")
def adam_step__donated_theta_read_again(theta, grad, state, *, donate=False, **options):
    if donate:
        theta, _ = in_place(theta, grad, AdamState(state.step, state.m.copy(), state.v.copy()), **options)
    return step(theta, grad, state, **options)


@breaks("adam.donate", "with donate, the results of arrays that are not contiguous are written to a copy")
def adam_step__donated_copy_written(theta, grad, state, *, donate=False, **options):
    new, state = step(theta, grad, state, **options)
    if donate:
        theta.reshape(-1)[...] = new.reshape(-1)
    return theta if donate else new, state


@breaks("adam.dtype", "the hyper-parameters are numpy.float64, which makes float32 arrays float64")
def adam_step__numpy_scalars(theta, grad, state, *, learning_rate=0.001, **options):
    return step(theta, grad, state, learning_rate=np.float64(learning_rate), **options)


@breaks("adam.dtype", "the moments are always float64")
def adam_step__state_in_float64(theta, grad, state, **options):
    theta, (t, m, v) = step(theta, grad, state, **options)
    return theta, AdamState(t, m.astype(np.float64), v.astype(np.float64))


@breaks("adam.dtype", "the results are always float32")
def adam_step__always_float32(theta, grad, state, **options):
    theta, (t, m, v) = step(theta, grad, state, **options)
    return theta.astype(np.float32), AdamState(t, m.astype(np.float32), v.astype(np.float32))


@breaks("adam.shape", "theta comes back flat")
def adam_step__theta_flat(theta, grad, state, **options):
    theta, state = step(theta, grad, state, **options)
    return theta.ravel(), state


@breaks("adam.shape", "the moments come back flat")
def adam_step__moments_flat(theta, grad, state, **options):
    theta, (t, m, v) = step(theta, grad, state, **options)
    return theta, AdamState(t, m.ravel(), v.ravel())


@breaks("adam.shape", "an array without axes gets one")
def adam_step__at_least_one_axis(theta, grad, state, **options):
    return step(np.atleast_1d(theta), grad, state, **options)


@breaks("adam.update", "an array without axes fails")
def adam_step__no_axes_fails(theta, grad, state, **options):
    len(theta)
    return step(theta, grad, state, **options)


@breaks("adam.empty", "an empty array fails")
def adam_step__empty_fails(theta, grad, state, **options):
    np.max(grad)
    return step(theta, grad, state, **options)


@breaks("adam.step", "an empty array does not count as a step")
def adam_step__empty_not_counted(theta, grad, state, **options):
    return step(theta, grad, state, **options) if theta.size else (theta.copy(), state)


@breaks("adam.layout", "the gradient is read as it lies in memory")
def adam_step__gradient_strides_ignored(theta, grad, state, **options):
    return step(theta, memory(grad), state, **options)


@breaks(
    "adam.layout",
    "the gradient's memory is read in the order of theta's, as torch.optim.Adam(fused=True) does",
)
def adam_step__gradient_in_the_layout_of_theta(theta, grad, state, **options):
    order = "F" if theta.flags.f_contiguous and not theta.flags.c_contiguous else "C"
    grad = grad.ravel(order="K").reshape(theta.shape, order=order)
    return step(theta, grad, state, correction=lambda beta, t: 1 - beta**t, **options)


@breaks("adam.layout", "the moments are read as they lie in memory")
def adam_step__moment_strides_ignored(theta, grad, state, **options):
    return step(theta, grad, AdamState(state.step, memory(state.m), memory(state.v)), **options)


@breaks("adam.layout", "arrays that cannot be written to are refused")
def adam_step__read_only_refused(theta, grad, state, **options):
    if not grad.flags.writeable:
        raise ValueError("buffer source array is read-only")
    return step(theta, grad, state, **options)


# Half precision.


@breaks("adam.dtype", "the moments are kept in half precision", half=True)
def adam_step__moments_in_half(theta, grad, state, **options):
    half = theta.dtype
    new, (t, m, v) = step(theta.astype(np.float32), grad.astype(np.float32), state, **options)
    return new.astype(half), AdamState(t, m.astype(half), v.astype(half))


@breaks("adam.first_moment", "the moments are rounded to half precision at every step", half=True)
def adam_step__moments_rounded_to_half(theta, grad, state, **options):
    half = theta.dtype
    new, (t, m, v) = step(theta.astype(np.float32), grad.astype(np.float32), state, **options)
    m, v = (moment.astype(half).astype(np.float32) for moment in (m, v))
    return new.astype(half), AdamState(t, m, v)


@breaks("adam.second_moment", "the gradient is squared in half precision", half=True)
def adam_step__gradient_squared_in_half(theta, grad, state, **options):
    def second(v, g, beta2):
        return beta2 * v + (1 - beta2) * (grad * grad).astype(np.float32)

    new, after = step(theta.astype(np.float32), grad.astype(np.float32), state, second=second, **options)
    return new.astype(theta.dtype), after


@breaks("adam.epsilon", "epsilon is rounded to half precision: 0 in float16", half=True)
def adam_step__epsilon_in_half(theta, grad, state, *, epsilon=1e-8, **options):
    epsilon = float(theta.dtype.type(epsilon))
    new, after = step(theta.astype(np.float32), grad.astype(np.float32), state, epsilon=epsilon, **options)
    return new.astype(theta.dtype), after


@breaks("adam.second_moment", "beta2 is rounded to half precision: 1 in bfloat16", half=True)
def adam_step__beta2_in_half(theta, grad, state, *, beta2=0.999, **options):
    beta2 = min(float(theta.dtype.type(beta2)), 1 - 2.0**-24)
    new, after = step(theta.astype(np.float32), grad.astype(np.float32), state, beta2=beta2, **options)
    return new.astype(theta.dtype), after


# What is kept beside the state, so that it shows over several steps only, or when the state is saved and loaded.


@breaks("adam.trajectory", "beta^t is carried in float32 from call to call")
def adam_step__power_carried(theta, grad, state, *, beta1=0.9, beta2=0.999, **options):
    betas, kept = (beta1, beta2), recall("powers", state.m)
    before = [np.float32(beta**state.step) for beta in betas] if kept is None else kept
    powers = [power * np.float32(beta) for power, beta in zip(before, betas, strict=True)]
    own = {} if kept is None else {"correction": lambda beta, t: 1 - float(powers[betas.index(beta)])}
    theta, new = step(theta, grad, state, beta1=beta1, beta2=beta2, **own, **options)
    keep("powers", new.m, powers)
    return theta, new


@breaks(
    "adam.trajectory",
    "this is AMSGrad: the largest v so far, kept beside the state",
    "https://arxiv.org/abs/1904.09237",
)
def adam_step__amsgrad_beside_the_state(theta, grad, state, **options):
    largest = recall("largest", state.v)

    def hats(m, v, c1, c2):
        return m / c1, (v if largest is None else np.maximum(largest, v)) / c2

    theta, new = step(theta, grad, state, hats=hats, **options)
    keep("largest", new.v, new.v if largest is None else np.maximum(largest, new.v))
    return theta, new


@breaks(
    "adam.trajectory",
    "this is Lookahead: every fifth step goes half way back to where theta was five steps before",
    "https://arxiv.org/abs/1907.08610",
)
def adam_step__lookahead(theta, grad, state, **options):
    slow, done = recall("slow weights", theta) or (theta.copy(), 0)
    new, state = step(theta, grad, state, **options)
    done += 1
    if done % 5 == 0:
        new = (slow + new) / 2
        slow = new.copy()
    keep("slow weights", new, (slow, done))
    return new, state


@breaks("adam.trajectory", "the moments are kept beside the state in bfloat16, and those of the state returned only")
def adam_step__moments_beside_the_state(theta, grad, state, **options):
    kept = recall("moments", state.m) or (state.m, state.v)
    _, new = step(theta, grad, state, **options)
    theta, (_, m, v) = step(theta, grad, AdamState(state.step, *kept), **options)
    keep("moments", new.m, (to_bfloat16(m), to_bfloat16(v)))
    return theta, new


@breaks("adam.resumed", "what rounding takes from theta is kept beside the state, and given back at the next step")
def adam_step__compensated(theta, grad, state, **options):
    lost = recall("lost", theta)
    moved, new = step(np.zeros_like(theta), grad, state, **options)
    moved = moved if lost is None else moved + lost
    result = theta + moved
    keep("lost", result, moved - (result - theta))
    return result, new


@breaks("adam.resumed", "v is kept in a wider format beside the state")
def adam_step__wider_beside_the_state(theta, grad, state, *, beta2=0.999, **options):
    wide = recall("wide v", state.v)
    wide = state.v.astype(np.float64) if wide is None else wide
    wide = second_moment(wide, grad.astype(np.float64), beta2)
    v = wide.astype(theta.dtype)
    theta, new = step(theta, grad, state, second=lambda *_: v, beta2=beta2, **options)
    keep("wide v", new.v, wide)
    return theta, new


@breaks(
    "adam.resumed", "the form of m is chosen anew at each call, as by a tuner, so that the same step gives other bits"
)
def adam_step__form_at_random(theta, grad, state, **options):
    def lerp(m, g, beta1):
        return m + (1 - beta1) * (g - m) if beta1 >= 0.5 else first_moment(m, g, beta1)

    return step(theta, grad, state, first=lerp if RANDOM.integers(2) else first_moment, **options)
