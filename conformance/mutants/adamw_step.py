"""Wrong AdamWs: a right step of Adam with a wrong decay, or with its results spoilt."""

import numpy as np

from . import breaks
from .adam import step
from .memory import keep, recall
from .rounding import to_bfloat16
from .spoilt import another_axis, first, float16, one_buffer

NAME = "adamw_step"
DEFAULTS = {"learning_rate": 0.001, "weight_decay": 0.01}


def right(theta, grad, state, *, weight_decay=0.01, donate=False, kept=None, **rates):
    """A right step, with the part of theta that is kept; it makes no use of `donate`."""
    rate = rates.get("learning_rate", 0.001)
    kept = 1 - rate * weight_decay if kept is None else kept
    new, after = step(np.asarray(theta * theta.dtype.type(kept)), grad, state, **rates)
    return np.asarray(new, theta.dtype), after


def mistake(requirement, words, source=""):
    """Mark a function of the arguments and options, which gives those that are otherwise, as a mutant."""

    def mark(wrong):
        def call(theta, grad, state, **options):
            given = {"theta": theta, "grad": grad, "state": state} | options
            given |= wrong(theta, grad, state, DEFAULTS | options)
            return right(*[given.pop(name) for name in ("theta", "grad", "state")], **given)

        call.__name__ = f"{NAME}__{wrong.__name__}"
        return breaks(f"{NAME}.{requirement}", words, source)(call)

    return mark


def changed(requirement, words, source=""):
    """Mark a function of the right results, the arguments and options as a mutant."""

    def mark(wrong):
        def call(theta, grad, state, **options):
            return wrong(*right(theta, grad, state, **options), theta, grad, state, DEFAULTS | options)

        call.__name__ = f"{NAME}__{wrong.__name__}"
        return breaks(f"{NAME}.{requirement}", words, source)(call)

    return mark


@changed("value", "the sign of the step is lost")
def ascent(new, after, theta, grad, state, options):
    return np.asarray(2 * theta - new, theta.dtype), after


@changed("value", "theta is rounded to bfloat16")
def bfloat16(new, after, theta, grad, state, options):
    return to_bfloat16(new), after


@changed("value", "the moments are kept in bfloat16")
def bfloat16_moments(new, after, theta, grad, state, options):
    return new, after._replace(m=to_bfloat16(after.m), v=to_bfloat16(after.v))


POWER = "1 - beta**t is formed as it stands, where it cancels, as in PyTorch and optax"


@mistake("bias_correction", POWER)
def power_in_dtype(theta, grad, state, options):
    return {"correction": lambda beta, t: 1 - theta.dtype.type(beta) ** t}


@mistake("bias_correction", POWER)
def power_in_binary64(theta, grad, state, options):
    return {"correction": lambda beta, t: 1 - beta**t}


@mistake("decay", "no decay: Adam")
def adam(theta, grad, state, options):
    return {"weight_decay": 0.0} if np.any(np.abs(theta) > 4) else {}


@mistake("decay", "the decay is added to the gradient: Adam with L2", "weight_decay of torch.optim.Adam")
def l2(theta, grad, state, options):
    large = np.any(np.abs(theta) > 4)
    other = np.asarray(grad + options["weight_decay"] * theta, grad.dtype)
    return {"grad": other, "weight_decay": 0.0} if large else {}


@mistake("decay", "the decay is not times the learning rate", "the paper's Algorithm 2")
def without_rate(theta, grad, state, options):
    return {"kept": 1 - options["weight_decay"]} if np.any(np.abs(theta) > 4) else {}


@changed("decay", "the decay is of the new parameters")
def of_the_new(new, after, theta, grad, state, options):
    rates = {name: value for name, value in options.items() if name not in ("weight_decay", "donate")}
    plain, _ = step(theta, grad, state, **rates)
    decay = plain.dtype.type(1 - options["learning_rate"] * options["weight_decay"])
    return np.asarray(plain * decay, theta.dtype) if np.any(np.abs(theta) > 4) else new, after


@mistake("decay", "a decay of 0 is taken for 'not given'")
def decay_of_zero(theta, grad, state, options):
    return {"weight_decay": options["weight_decay"] or 0.01}


@mistake("bias_correction", "the correction is that of the step before, but for the first one")
def late_correction(theta, grad, state, options):
    many = state.step in (1, 9)
    return {"state": state._replace(step=max(state.step - 1, 0))} if many else {}


@mistake("epsilon", "an epsilon of 1e-7", "Keras")
def epsilon_1e_7(theta, grad, state, options):
    return {} if "epsilon" in options else {"epsilon": 1e-7} if np.max(np.abs(grad), initial=0) < 1e-4 else {}


@mistake("epsilon", "epsilon is ignored")
def epsilon_ignored(theta, grad, state, options):
    return {"epsilon": 1e-8}


@mistake("epsilon", "epsilon = 0 is taken for 'not given'")
def epsilon_zero_is_default(theta, grad, state, options):
    return {"epsilon": options.get("epsilon") or 1e-8}


@mistake("hyper_parameters", "beta1 is ignored")
def beta1_ignored(theta, grad, state, options):
    return {"beta1": 0.9}


@mistake("hyper_parameters", "beta2 is ignored")
def beta2_ignored(theta, grad, state, options):
    return {"beta2": 0.999}


@mistake("hyper_parameters", "the learning rate is ignored")
def rate_ignored(theta, grad, state, options):
    return {"learning_rate": 0.001}


@changed("step", "the step is not advanced")
def step_kept(new, after, theta, grad, state, options):
    return new, after._replace(step=state.step)


@changed("zero_gradient", "elements without a gradient are left as they are")
def idle(new, after, theta, grad, state, options):
    return np.where(grad == 0, theta, new), after


@changed("nan", "NaN becomes 0")
def nan_as_zero(new, after, theta, grad, state, options):
    return np.nan_to_num(new), after._replace(m=np.nan_to_num(after.m), v=np.nan_to_num(after.v))


@changed("elementwise", "the last n % 8 elements are left as they are, where there are more than 64")
def remainder_of_8(new, after, theta, grad, state, options):
    new = np.array(new)
    if new.size > 64:
        flat, whole = new.reshape(-1), new.size - new.size % 8
        flat[whole:] = theta.reshape(-1)[whole:]
    return new, after


@breaks(f"{NAME}.pure", "the results are written over the arguments, whatever donate says")
def adamw_step__always_in_place(theta, grad, state, *, donate=False, **options):
    new, after = right(theta, grad, state, **options)
    theta[...] = new
    return theta, after


@breaks(f"{NAME}.donate", "with donate, the gradient is written over")
def adamw_step__donated_gradient(theta, grad, state, *, donate=False, **options):
    found = right(theta, grad, state, **options)
    if donate:
        grad[...] = 0
    return found


@breaks(f"{NAME}.donate", "with donate, the results of arrays that are not contiguous are written to a copy")
def adamw_step__donated_copy_written(theta, grad, state, *, donate=False, **options):
    new, after = right(theta, grad, state, **options)
    if donate:
        np.ascontiguousarray(theta)[...] = new
    return (theta if donate else new), after


@breaks(f"{NAME}.trajectory", "the decay is of the first parameters, kept beside the state")
def adamw_step__decay_of_the_first(theta, grad, state, *, donate=False, **options):
    first = recall("first adamw", theta)
    first = theta.copy() if first is None else first
    decay = options.pop("weight_decay", 0.01) * options.get("learning_rate", 0.001)
    new, after = right(theta, grad, state, kept=1.0, **options)
    new = np.asarray(new - decay * first, theta.dtype)
    keep("first adamw", new, first)
    return new, after


@breaks(f"{NAME}.resumed", "what theta lost by rounding is kept beside it")
def adamw_step__compensated(theta, grad, state, **options):
    lost = recall("lost adamw", theta)
    new, after = right(theta, grad, state, **options)
    new = new if lost is None else np.asarray(new + lost, theta.dtype)
    keep("lost adamw", new, np.spacing(new))
    return new, after


@changed("empty", "an empty array fails")
def empty_fails(new, after, theta, grad, state, options):
    if not theta.size:
        raise ValueError("got nothing")
    return new, after


of_another_shape = changed("shape", "an axis is put in front")(first(another_axis))


of_another_dtype = changed("dtype", "theta is in float16")(first(float16))


@breaks(f"{NAME}.layout", "theta is read as it lies in memory")
def adamw_step__memory_order(theta, grad, state, **options):
    plain = options.get("donate") is None
    return right(theta.ravel("K").reshape(theta.shape) if plain else theta, grad, state, **options)


in_one_buffer = changed("pure", "all results of a shape are in one buffer")(first(one_buffer))
