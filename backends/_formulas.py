"""What a type checker knows of a backend's formulas: those of the reference, less the namespace, which is given.

Written by `.ci/generate`. Nothing here is run.
"""

# mypy: disable-error-code="empty-body"

from typing import Any, Protocol

from ..reference import AdamState, SGDState
from ..reference.arguments import Array


def adam_bias_correction(moment: Array, beta: Array | float, step: Array | float, /) -> Any: ...
def adam_first_moment(m: Array | float, grad: Array | float, beta1: Array | float, /) -> Any: ...
def adam_init(theta: Any) -> AdamState: ...
def adam_second_moment(v: Array | float, grad: Array | float, beta2: Array | float, /) -> Any: ...
def adam_step(
    theta: Any,
    grad: Any,
    state: AdamState,
    /,
    *,
    learning_rate: Array | float = 0.001,
    beta1: Array | float = 0.9,
    beta2: Array | float = 0.999,
    epsilon: Array | float = 1e-08,
    donate: bool = False,
) -> tuple[Any, AdamState]: ...
def adam_update(
    theta: Array | float,
    m_hat: Array | float,
    v_hat: Array | float,
    learning_rate: Array | float,
    epsilon: Array | float,
    /,
) -> Any: ...
def adamw_step(
    theta: Any,
    grad: Any,
    state: AdamState,
    /,
    *,
    learning_rate: Array | float = 0.001,
    beta1: Array | float = 0.9,
    beta2: Array | float = 0.999,
    epsilon: Array | float = 1e-08,
    weight_decay: Array | float = 0.01,
    donate: bool = False,
) -> tuple[Any, AdamState]: ...
def categorical_cross_entropy(
    y: Array, p: Array, /, *, axis: int = -1, clip: tuple[float, float] | None = None
) -> Any: ...
def categorical_cross_entropy_from_logits(y: Array, x: Array, /, *, axis: int = -1) -> Any: ...
def categorical_cross_entropy_from_logits_vjp(y: Array, x: Array, g: Array | float, /, *, axis: int = -1) -> Any: ...
def categorical_cross_entropy_vjp(
    y: Array, p: Array, g: Array | float, /, *, axis: int = -1, clip: tuple[float, float] | None = None
) -> Any: ...
def clip_by_global_norm(tree: Any, max_norm: Array | float, /) -> Any: ...
def cross_entropy(
    labels: Array,
    x: Array,
    weight: Array | None = None,
    /,
    *,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> Any: ...
def cross_entropy_vjp(
    labels: Array,
    x: Array,
    g: Array | float,
    weight: Array | None = None,
    /,
    *,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> Any: ...
def dense(x: Array, w: Array, b: Array) -> Any: ...
def dense_vjp(x: Array, w: Array, b: Array, g: Array) -> tuple[Any, Any, Any]: ...
def log_softmax(x: Array, /, *, axis: int = -1) -> Any: ...
def log_softmax_vjp(x: Array, g: Array, /, *, axis: int = -1) -> Any: ...
def neuron(x: Array | float, w: Array | float, b: Array | float) -> Any: ...
def neuron_vjp(x: Array | float, w: Array | float, b: Array | float, g: Array | float) -> tuple[Any, Any, Any]: ...
def relu(x: Array) -> Any: ...
def relu_vjp(x: Array | float, g: Array | float) -> Any: ...
def scaled_dot_product_attention(
    q: Array, k: Array, v: Array, mask: Array | None = None, *, causal: bool | str = False, scale: float | None = None
) -> Any: ...
def scaled_dot_product_attention_vjp(
    q: Array,
    k: Array,
    v: Array,
    g: Array,
    mask: Array | None = None,
    *,
    causal: bool | str = False,
    scale: float | None = None,
) -> tuple[Any, Any, Any]: ...
def sgd_init(theta: Any) -> SGDState: ...
def sgd_step(
    theta: Any,
    grad: Any,
    state: SGDState,
    /,
    *,
    learning_rate: Array | float = 0.001,
    momentum: Array | float = 0.0,
    dampening: Array | float = 0.0,
    nesterov: bool = False,
    donate: bool = False,
) -> tuple[Any, SGDState]: ...
def softmax(x: Array, /, *, axis: int = -1) -> Any: ...
def softmax_vjp(x: Array, g: Array, /, *, axis: int = -1) -> Any: ...
def sparse_categorical_cross_entropy_from_logits(labels: Array, x: Array, /, *, axis: int = -1) -> Any: ...
def sparse_categorical_cross_entropy_from_logits_vjp(
    labels: Array, x: Array, g: Array | float, /, *, axis: int = -1
) -> Any: ...


class Formulas(Protocol):
    def adam_bias_correction(self, moment: Array, beta: Array | float, step: Array | float, /) -> Any: ...
    def adam_first_moment(self, m: Array | float, grad: Array | float, beta1: Array | float, /) -> Any: ...
    def adam_init(self, theta: Any) -> AdamState: ...
    def adam_second_moment(self, v: Array | float, grad: Array | float, beta2: Array | float, /) -> Any: ...
    def adam_step(
        self,
        theta: Any,
        grad: Any,
        state: AdamState,
        /,
        *,
        learning_rate: Array | float = 0.001,
        beta1: Array | float = 0.9,
        beta2: Array | float = 0.999,
        epsilon: Array | float = 1e-08,
        donate: bool = False,
    ) -> tuple[Any, AdamState]: ...
    def adam_update(
        self,
        theta: Array | float,
        m_hat: Array | float,
        v_hat: Array | float,
        learning_rate: Array | float,
        epsilon: Array | float,
        /,
    ) -> Any: ...
    def adamw_step(
        self,
        theta: Any,
        grad: Any,
        state: AdamState,
        /,
        *,
        learning_rate: Array | float = 0.001,
        beta1: Array | float = 0.9,
        beta2: Array | float = 0.999,
        epsilon: Array | float = 1e-08,
        weight_decay: Array | float = 0.01,
        donate: bool = False,
    ) -> tuple[Any, AdamState]: ...
    def categorical_cross_entropy(
        self, y: Array, p: Array, /, *, axis: int = -1, clip: tuple[float, float] | None = None
    ) -> Any: ...
    def categorical_cross_entropy_from_logits(self, y: Array, x: Array, /, *, axis: int = -1) -> Any: ...
    def categorical_cross_entropy_from_logits_vjp(
        self, y: Array, x: Array, g: Array | float, /, *, axis: int = -1
    ) -> Any: ...
    def categorical_cross_entropy_vjp(
        self, y: Array, p: Array, g: Array | float, /, *, axis: int = -1, clip: tuple[float, float] | None = None
    ) -> Any: ...
    def clip_by_global_norm(self, tree: Any, max_norm: Array | float, /) -> Any: ...
    def cross_entropy(
        self,
        labels: Array,
        x: Array,
        weight: Array | None = None,
        /,
        *,
        ignore_index: int = -100,
        label_smoothing: float = 0.0,
        reduction: str = "mean",
    ) -> Any: ...
    def cross_entropy_vjp(
        self,
        labels: Array,
        x: Array,
        g: Array | float,
        weight: Array | None = None,
        /,
        *,
        ignore_index: int = -100,
        label_smoothing: float = 0.0,
        reduction: str = "mean",
    ) -> Any: ...
    def dense(self, x: Array, w: Array, b: Array) -> Any: ...
    def dense_vjp(self, x: Array, w: Array, b: Array, g: Array) -> tuple[Any, Any, Any]: ...
    def log_softmax(self, x: Array, /, *, axis: int = -1) -> Any: ...
    def log_softmax_vjp(self, x: Array, g: Array, /, *, axis: int = -1) -> Any: ...
    def neuron(self, x: Array | float, w: Array | float, b: Array | float) -> Any: ...
    def neuron_vjp(
        self, x: Array | float, w: Array | float, b: Array | float, g: Array | float
    ) -> tuple[Any, Any, Any]: ...
    def relu(self, x: Array) -> Any: ...
    def relu_vjp(self, x: Array | float, g: Array | float) -> Any: ...
    def scaled_dot_product_attention(
        self,
        q: Array,
        k: Array,
        v: Array,
        mask: Array | None = None,
        *,
        causal: bool | str = False,
        scale: float | None = None,
    ) -> Any: ...
    def scaled_dot_product_attention_vjp(
        self,
        q: Array,
        k: Array,
        v: Array,
        g: Array,
        mask: Array | None = None,
        *,
        causal: bool | str = False,
        scale: float | None = None,
    ) -> tuple[Any, Any, Any]: ...
    def sgd_init(self, theta: Any) -> SGDState: ...
    def sgd_step(
        self,
        theta: Any,
        grad: Any,
        state: SGDState,
        /,
        *,
        learning_rate: Array | float = 0.001,
        momentum: Array | float = 0.0,
        dampening: Array | float = 0.0,
        nesterov: bool = False,
        donate: bool = False,
    ) -> tuple[Any, SGDState]: ...
    def softmax(self, x: Array, /, *, axis: int = -1) -> Any: ...
    def softmax_vjp(self, x: Array, g: Array, /, *, axis: int = -1) -> Any: ...
    def sparse_categorical_cross_entropy_from_logits(self, labels: Array, x: Array, /, *, axis: int = -1) -> Any: ...
    def sparse_categorical_cross_entropy_from_logits_vjp(
        self, labels: Array, x: Array, g: Array | float, /, *, axis: int = -1
    ) -> Any: ...
