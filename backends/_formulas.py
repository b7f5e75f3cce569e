"""What a type checker knows of a backend's formulas: those of the reference, less the namespace, which is given.

Nothing is run here. A test compares the signatures with the reference.
"""

# mypy: disable-error-code="empty-body"

from ..reference.arguments import Array, Result, Scalar
from ..reference.formulas.adam import AdamState, Tree


def adam_bias_correction(moment: Array, beta: Scalar, step: Scalar, /) -> Result: ...


def adam_first_moment(m: Array | float, grad: Array | float, beta1: Scalar, /) -> Result: ...


def adam_init(theta: Tree) -> AdamState: ...


def adam_second_moment(v: Array | float, grad: Array | float, beta2: Scalar, /) -> Result: ...


def adam_step(
    theta: Tree,
    grad: Tree,
    state: AdamState,
    /,
    *,
    learning_rate: Scalar = 0.001,
    beta1: Scalar = 0.9,
    beta2: Scalar = 0.999,
    epsilon: Scalar = 1e-08,
    donate: bool = False,
) -> tuple[Tree, AdamState]: ...


def adam_update(
    theta: Array | float, m_hat: Array | float, v_hat: Array | float, learning_rate: Scalar, epsilon: Scalar, /
) -> Result: ...


def categorical_cross_entropy(
    y: Array, p: Array, /, *, axis: int = -1, clip: tuple[float, float] | None = None
) -> Result: ...


def categorical_cross_entropy_from_logits(y: Array, x: Array, /, *, axis: int = -1) -> Result: ...


def categorical_cross_entropy_from_logits_vjp(y: Array, x: Array, g: Array | float, /, *, axis: int = -1) -> Result: ...


def categorical_cross_entropy_vjp(
    y: Array, p: Array, g: Array | float, /, *, axis: int = -1, clip: tuple[float, float] | None = None
) -> Result: ...


def dense(x: Array, w: Array, b: Array) -> Result: ...


def dense_vjp(x: Array, w: Array, b: Array, g: Array) -> tuple[Result, Result, Result]: ...


def log_softmax(x: Array, /, *, axis: int = -1) -> Result: ...


def log_softmax_vjp(x: Array, g: Array, /, *, axis: int = -1) -> Result: ...


def neuron(x: Array | float, w: Array | float, b: Array | float) -> Result: ...


def neuron_vjp(
    x: Array | float, w: Array | float, b: Array | float, g: Array | float
) -> tuple[Result, Result, Result]: ...


def relu(x: Array) -> Result: ...


def relu_vjp(x: Array | float, g: Array | float) -> Result: ...


def softmax(x: Array, /, *, axis: int = -1) -> Result: ...


def softmax_vjp(x: Array, g: Array, /, *, axis: int = -1) -> Result: ...


def sparse_categorical_cross_entropy_from_logits(labels: Array, x: Array, /, *, axis: int = -1) -> Result: ...


def sparse_categorical_cross_entropy_from_logits_vjp(
    labels: Array, x: Array, g: Array | float, /, *, axis: int = -1
) -> Result: ...
