"""adam.first_moment, adam.update, adam.epsilon: the admitted forms of Adam are Algorithm 1, and so is TensorFlow's form
with another epsilon: epsilon-hat = epsilon sqrt(1 - beta2^t).

For every t: c1 and c2 stand for 1 - beta1^t and 1 - beta2^t, and m1 and v1 for the moments after the step.
"""

from collections.abc import Iterator
from typing import Any

from .. import adam
from .real import symbol


def claims() -> Iterator[tuple[str, Any]]:
    """What is proved, and what has to be 0: a form, less the definition."""
    theta, grad, m, rate = (symbol(name, 1) for name in ("theta", "grad", "m", "learning_rate"))
    beta1, beta2 = symbol("beta1", "1/2"), symbol("beta2", "1/2")
    lerp = m + (1 - beta1) * (grad - m)
    yield "lerp", (lerp - adam.adam_first_moment(m, grad, beta1)).expression

    step: Any = symbol("step", 0, nonnegative=True)
    v, epsilon = symbol("v", 1, nonnegative=True), symbol("epsilon", 1, nonnegative=True)
    m1, v1, c1, c2 = (symbol(name, 1, positive=True) for name in ("m1", "v1", "c1", "c2"))
    updated, *moments = adam.adam_step(theta, grad, step, m, v, rate, beta1, beta2, epsilon)
    t = step + 1
    named = [(moments[0], m1), (moments[1], v1), (beta1**t, 1 - c1), (beta2**t, 1 - c2)]
    defined = updated.expression.subs([(long.expression, short.expression) for long, short in named])

    epsilon_hat = epsilon * c2.sqrt()
    forms = {
        "torch_order": theta - (rate / c1) * m1 / (v1.sqrt() / c2.sqrt() + epsilon),
        "efficient_order": theta - (rate * c2.sqrt() / c1) * m1 / (v1.sqrt() + epsilon * c2.sqrt()),
        "TensorFlow's": theta - rate * (c2.sqrt() / c1) * m1 / (v1.sqrt() + epsilon_hat),
    }
    for name, form in forms.items():
        yield name, form.expression - defined
