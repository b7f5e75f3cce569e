"""ONNX's node tests as calls of the formulas: a mapping for each operator.

Where a mapping has a choice, it is in ONNX's favour.
"""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from onnx.backend.test.case import node

from gaugeblock import AdamState
from gaugeblock.backends import numpy as gb

MODULES = (
    "adam",
    "gemm",
    "logsoftmax",
    "matmul",
    "negativeloglikelihoodloss",
    "relu",
    "softmax",
    "softmax_cross_entropy_loss",
)
# ONNX's Adam skips the bias correction at T = 0. A step of ours always has it: after so many it is 1, in float32.
STEPS_WITHOUT_CORRECTION = 511
Call = tuple[tuple[Any, ...], dict[str, Any], list[np.ndarray]]  # arguments, options, what ONNX expects
Attributes = dict[str, Any]


class UnmappedError(Exception):
    """A node test that is not a case of the formula, and why."""


def from_relu(attributes: Attributes, inputs: list[np.ndarray], outputs: list[np.ndarray]) -> list[Call]:
    return [((inputs[0],), {}, outputs)]


def from_softmax(attributes: Attributes, inputs: list[np.ndarray], outputs: list[np.ndarray]) -> list[Call]:
    return [((inputs[0],), attributes, outputs)]  # axis or nothing; the default is -1 in both


def from_gemm(attributes: Attributes, inputs: list[np.ndarray], outputs: list[np.ndarray]) -> list[Call]:
    """Gemm's alpha goes into the weights and its beta into the bias."""
    x, w, *rest = inputs
    bias = rest[0] if rest else np.zeros(1, x.dtype)
    if bias.ndim == 2 and len(bias) > 1:
        raise UnmappedError("a bias for each row")
    x = x.T.copy() if attributes.get("transA") else x
    w = attributes.get("alpha", 1.0) * (w.T.copy() if attributes.get("transB") else w)
    b = attributes.get("beta", 1.0) * np.broadcast_to(bias.reshape(-1), w.shape[1])
    return [((x, w, b), {}, outputs)]


def from_matmul(attributes: Attributes, inputs: list[np.ndarray], outputs: list[np.ndarray]) -> list[Call]:
    """A layer without bias for each matrix of a stack."""
    x, w = inputs
    if w.ndim < 2:
        raise UnmappedError("weights that are a vector")
    stack = np.broadcast_shapes(x.shape[:-2], w.shape[:-2])
    x, w = (np.broadcast_to(each, stack + each.shape[-2:]) for each in (x, w))
    b = np.zeros(w.shape[-1], x.dtype)
    return [((x[i].copy(), w[i].copy(), b.copy()), {}, [outputs[0][i]]) for i in np.ndindex(stack)]


def from_matmul_by_vector(attributes: Attributes, inputs: list[np.ndarray], outputs: list[np.ndarray]) -> list[Call]:
    x, w = inputs
    if w.ndim != 1:
        raise UnmappedError("weights that are a matrix")
    return [((x, w, np.zeros((), x.dtype)), {}, outputs)]


def labels_of(attributes: Attributes, inputs: list[np.ndarray]) -> np.ndarray:
    """The labels that class numbers, class weights and ignore_index amount to; the classes are along axis 1."""
    if attributes.get("reduction", b"mean") != b"none":
        raise UnmappedError("a sum or mean of the losses")
    x, target, *weights = inputs
    labels = (target[..., None] == np.arange(x.shape[1])) & (target != attributes.get("ignore_index"))[..., None]
    weighted = labels.astype(x.dtype) * (weights[0] if weights else x.dtype.type(1))
    return np.ascontiguousarray(np.moveaxis(weighted, -1, 1))


def from_nll(attributes: Attributes, inputs: list[np.ndarray], outputs: list[np.ndarray]) -> list[Call]:
    labels = labels_of(attributes, inputs)
    if np.any(inputs[0] > 0):
        raise UnmappedError("'log-probabilities' above 0")
    return [((labels, np.exp(inputs[0])), {"axis": 1}, outputs)]


def from_sce(attributes: Attributes, inputs: list[np.ndarray], outputs: list[np.ndarray]) -> list[Call]:
    labels = labels_of(attributes, inputs)  # a second output, of log-probabilities, is not the formula's
    return [((labels, gb.softmax(inputs[0], axis=1)), {"axis": 1}, outputs[:1])]


def from_sce_logits(attributes: Attributes, inputs: list[np.ndarray], outputs: list[np.ndarray]) -> list[Call]:
    return [((labels_of(attributes, inputs), inputs[0]), {"axis": 1}, outputs[:1])]


def from_sce_classes(attributes: Attributes, inputs: list[np.ndarray], outputs: list[np.ndarray]) -> list[Call]:
    labels_of(attributes, inputs)  # refuses a sum or mean
    if len(inputs) > 2 or "ignore_index" in attributes:
        raise UnmappedError("class weights, or a label that is ignored")
    return [((inputs[1], inputs[0]), {"axis": 1}, outputs[:1])]


def from_adam(attributes: Attributes, inputs: list[np.ndarray], outputs: list[np.ndarray]) -> list[Call]:
    """A step for each tensor; ONNX's L2 term is added to the gradient first."""
    rate, t, *tensors = inputs
    count, l2 = len(tensors) // 4, attributes.get("norm_coefficient", 0.0)
    options = {
        "learning_rate": float(rate),
        "beta1": attributes["alpha"],
        "beta2": attributes["beta"],
        "epsilon": attributes["epsilon"],
    }
    calls: list[Call] = []
    for i in range(count):
        x, g, v, h = tensors[i::count]
        state = AdamState(int(t) - 1 if t > 0 else STEPS_WITHOUT_CORRECTION, v, h)
        calls.append(((x, l2 * x + g, state), options, outputs[i::count]))
    return calls


Mapping = Callable[[Attributes, list[np.ndarray], list[np.ndarray]], list[Call]]
OPERATORS: dict[str, tuple[str, dict[str, Mapping]]] = {  # the function of the formula, and its operators
    "neuron": ("neuron", {"MatMul": from_matmul_by_vector}),
    "log_softmax": ("log_softmax", {"LogSoftmax": from_softmax}),
    "dense": ("dense", {"Gemm": from_gemm, "MatMul": from_matmul}),
    "relu": ("relu", {"Relu": from_relu}),
    "softmax": ("softmax", {"Softmax": from_softmax}),
    "categorical_cross_entropy": (
        "categorical_cross_entropy",
        {"NegativeLogLikelihoodLoss": from_nll, "SoftmaxCrossEntropyLoss": from_sce},
    ),
    "categorical_cross_entropy_from_logits": (
        "categorical_cross_entropy_from_logits",
        {"SoftmaxCrossEntropyLoss": from_sce_logits},
    ),
    "sparse_categorical_cross_entropy_from_logits": (
        "sparse_categorical_cross_entropy_from_logits",
        {"SoftmaxCrossEntropyLoss": from_sce_classes},
    ),
    "adam": ("adam_step", {"Adam": from_adam}),
}


def node_tests() -> list[Any]:
    """ONNX's node tests of our operators: importing their modules makes them."""
    for name in MODULES:
        importlib.import_module(f"{node.__name__}.{name}")
    return sorted(node._NodeTestCases, key=lambda test: test.name)
