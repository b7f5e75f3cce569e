"""Wrong steps of stochastic gradient descent."""

import numpy as np

from ...reference import SGDState
from . import breaks
from .memory import keep, recall
from .rounding import flush, to_bfloat16
from .spoilt import another_axis, first, float16, one_buffer

NAME = "sgd_step"


def velocity_of(grad, velocity, momentum, dampening):
    """The velocity of a later step."""
    return momentum * velocity + (1 - dampening) * grad


def right(
    theta, grad, state, *, learning_rate=0.001, momentum=0.0, dampening=0.0, nesterov=False, donate=False,
    of=velocity_of, first=lambda state, momentum: state.step == 0 or momentum == 0,
    ahead=lambda grad, old, new, momentum: grad + momentum * new,
    start=lambda grad, dampening: grad,
):  # fmt: skip
    """A right step, each line of which can be replaced; it makes no use of `donate`."""
    if nesterov and (momentum == 0 or dampening != 0):
        raise ValueError("nesterov")
    plain = first(state, momentum)
    new = start(grad, dampening) + 0 * grad if plain else of(grad, state.velocity, momentum, dampening)
    new = np.asarray(new, state.velocity.dtype)
    direction = ahead(grad, state.velocity, new, momentum) if nesterov else new
    return np.asarray(theta - learning_rate * direction, theta.dtype), SGDState(state.step + 1, new)


def mistake(requirement, words, source=""):
    """Mark a function of the options, which gives what of `right` is otherwise, as a mutant."""

    def mark(wrong):
        def call(theta, grad, state, **options):
            return right(theta, grad, state, **options | wrong(theta, grad, state, options))

        call.__name__ = f"{NAME}__{wrong.__name__}"
        return breaks(f"{NAME}.{requirement}", words, source)(call)

    return mark


def changed(requirement, words, source=""):
    """Mark a function of the right results, the arguments and options as a mutant."""

    def mark(wrong):
        def call(theta, grad, state, **options):
            return wrong(*right(theta, grad, state, **options), theta, grad, state, options)

        call.__name__ = f"{NAME}__{wrong.__name__}"
        return breaks(f"{NAME}.{requirement}", words, source)(call)

    return mark


@changed("value", "the sign of the step is lost")
def ascent(new, after, theta, grad, state, options):
    return 2 * theta - new, after


@changed("value", "weight decay: a part of theta is subtracted", "weight_decay of torch.optim.SGD")
def decay(new, after, theta, grad, state, options):
    return np.asarray(new - options.get("learning_rate", 0.001) * 0.01 * theta, theta.dtype), after


@changed("value", "theta and the gradient are rounded to bfloat16")
def bfloat16(new, after, theta, grad, state, options):
    return to_bfloat16(new), after


@changed("value", "the velocity is kept in bfloat16")
def bfloat16_velocity(new, after, theta, grad, state, options):
    return new, after._replace(velocity=to_bfloat16(after.velocity))


@mistake("momentum", "with a momentum of 0 the velocity is added up")
def momentum_of_one(theta, grad, state, options):
    none = not options.get("momentum")
    return {"of": lambda g, v, m, d: v + g, "first": lambda state, m: state.step == 0} if none else {}


@mistake("value", "a mean of the gradients: momentum v + (1 - momentum) g", "Adam's first moment")
def mean_of_gradients(theta, grad, state, options):
    return {"of": lambda g, v, m, d: m * v + (1 - m) * (1 - d) * g}


@mistake("value", "the velocity is scaled by the learning rate", "Keras, TensorFlow")
def velocity_scaled(theta, grad, state, options):
    rate = options.get("learning_rate", 0.001)
    return {"of": lambda g, v, m, d: m * v + rate * (1 - d) * g}


@mistake("first_step", "the first gradient is dampened: the velocity starts at 0")
def first_dampened(theta, grad, state, options):
    return {"start": lambda g, d: (1 - d) * g if state.step == 0 and options.get("momentum") else g}


@mistake("first_step", "the velocity before the first step counts")
def first_as_others(theta, grad, state, options):
    known = bool(np.any(state.velocity != 0)) and state.step == 0
    return {"first": lambda state, m: m == 0} if known else {}


@mistake("dampening", "the dampening is ignored")
def dampening_ignored(theta, grad, state, options):
    return {"of": lambda g, v, m, d: m * v + g}


@mistake("dampening", "the dampening is the part that is kept")
def dampening_inverted(theta, grad, state, options):
    return {"of": lambda g, v, m, d: m * v + (d if d else 1) * g}


@mistake("dampening", "the gradient is dampened without a momentum too")
def dampened_without_momentum(theta, grad, state, options):
    return {"start": lambda g, d: (1 - d) * g if not options.get("momentum") else g}


@mistake("nesterov", "nesterov is ignored")
def nesterov_ignored(theta, grad, state, options):
    return {"nesterov": False}


@mistake("nesterov", "the first step does not look ahead")
def nesterov_later(theta, grad, state, options):
    return {"nesterov": False} if state.step == 0 else {}


@changed("step", "the step is not advanced")
def step_kept(new, after, theta, grad, state, options):
    return new, after._replace(step=state.step)


@mistake("hyper_parameters", "the learning rate is ignored")
def rate_ignored(theta, grad, state, options):
    return {"learning_rate": 0.001}


@mistake("hyper_parameters", "a learning rate of 0 is taken for 'not given'")
def rate_of_zero(theta, grad, state, options):
    return {} if options.get("learning_rate", 1) else {"learning_rate": 0.001}


@changed("zero_gradient", "elements without a gradient are left as they are")
def idle(new, after, theta, grad, state, options):
    none = grad == 0
    return np.where(none, theta, new), after._replace(velocity=np.where(none, state.velocity, after.velocity))


@changed("nan", "NaN becomes 0")
def nan_as_zero(new, after, theta, grad, state, options):
    return np.nan_to_num(new), after._replace(velocity=np.nan_to_num(after.velocity))


@changed("nan", "NaN spreads to all elements")
def nan_spreads(new, after, theta, grad, state, options):
    return (new * new.dtype.type(np.nan), after) if np.any(np.isnan(new)) else (new, after)


@changed("elementwise", "the last n % 8 elements are left as they are, where there are more than 64")
def remainder_of_8(new, after, theta, grad, state, options):
    new = np.array(new)
    if new.size > 64:
        flat, whole = new.reshape(-1), new.size - new.size % 8
        flat[whole:] = theta.reshape(-1)[whole:]
    return new, after


@changed("subnormal", "subnormal velocities are flushed to 0")
def flushed(new, after, theta, grad, state, options):
    return new, after._replace(velocity=flush(after.velocity))


def in_place(theta, grad, state, **options):
    """A right step that writes over theta and the state."""
    new, after = right(theta, grad, state, **options)
    theta[...], state.velocity[...] = new, after.velocity
    return theta, after._replace(velocity=state.velocity)


@breaks(f"{NAME}.pure", "the results are written over the arguments, whatever donate says")
def sgd_step__always_in_place(theta, grad, state, *, donate=False, **options):
    return in_place(theta, grad, state, **options)


@breaks(f"{NAME}.donate", "with donate, the gradient is written over")
def sgd_step__donated_gradient(theta, grad, state, *, donate=False, **options):
    found = right(theta, grad, state, **options)
    if donate:
        grad[...] = 0
    return found


@breaks(f"{NAME}.donate", "with donate, the results of arrays that are not contiguous are written to a copy")
def sgd_step__donated_copy_written(theta, grad, state, *, donate=False, **options):
    new, after = right(theta, grad, state, **options)
    if donate:
        np.ascontiguousarray(theta)[...] = new
    return (theta if donate else new), after


@breaks(f"{NAME}.trajectory", "slow weights: every fifth step goes half the way back")
def sgd_step__lookahead(theta, grad, state, **options):
    slow, done = recall("slow sgd", theta) or (theta.copy(), 0)
    new, after = right(theta, grad, state, **options)
    done += 1
    if done % 5 == 0:
        new = slow = np.asarray((slow + new) / 2, theta.dtype)
    keep("slow sgd", new, (slow, done))
    return new, after


@breaks(f"{NAME}.resumed", "theta is rounded another way in the third step of the same memory")
def sgd_step__counted_beside(theta, grad, state, **options):
    done = (recall("steps of sgd", theta) or 0) + 1
    new, after = right(theta, grad, state, **options)
    new = np.asarray(new + np.spacing(new), theta.dtype) if done == 3 else new
    keep("steps of sgd", new, done)
    return new, after


@changed("empty", "an empty array fails")
def empty_fails(new, after, theta, grad, state, options):
    if not theta.size:
        raise ValueError("got nothing")
    return new, after


of_another_shape = changed("shape", "an axis is put in front")(first(another_axis))


of_another_dtype = changed("dtype", "theta is in float16")(first(float16))


@breaks(f"{NAME}.layout", "theta is read as it lies in memory")
def sgd_step__memory_order(theta, grad, state, **options):
    plain = options.get("donate") is None
    return right(theta.ravel("K").reshape(theta.shape) if plain else theta, grad, state, **options)


in_one_buffer = changed("pure", "all results of a shape are in one buffer")(first(one_buffer))
