"""ONNX's operators, each as a model of one node: in onnx's reference evaluator, and in onnxruntime on the CPU.

`onnx_operators.py:reference` and `onnx_operators.py:runtime`.
"""

from functools import cache
from types import SimpleNamespace

import numpy as np
from onnx import helper
from onnx.reference import ReferenceEvaluator

TRAINING = "ai.onnx.preview.training"


def model(operator, dtypes, results, domain, attributes):
    """A model of one node, on arrays of any shape; its results have the dtype of its last array of numbers."""
    kinds = [helper.np_dtype_to_tensor_dtype(np.dtype(dtype)) for dtype in dtypes]
    kind = next(kind for kind, dtype in zip(kinds, dtypes, strict=True) if np.dtype(dtype).kind == "f")
    inputs = [helper.make_tensor_value_info(f"x{i}", each, None) for i, each in enumerate(kinds)]
    outputs = [helper.make_tensor_value_info(f"y{i}", kind, None) for i in range(results)]
    names = [each.name for each in inputs], [each.name for each in outputs]
    node = helper.make_node(operator, *names, domain=domain, **dict(attributes))
    versions = [helper.make_opsetid("", 21), *([helper.make_opsetid(domain, 1)] if domain else [])]
    graph = helper.make_graph([node], operator, inputs, outputs)
    return helper.make_model(graph, opset_imports=versions, ir_version=10)


def runtime_session(built):
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)  # what is raised says it
    try:
        return onnxruntime.InferenceSession(built.SerializeToString(), providers=["CPUExecutionProvider"])
    except Exception as error:
        raise NotImplementedError(str(error).splitlines()[0]) from None


@cache
def session(evaluator, *described):
    return evaluator(model(*described))


def operators(evaluator):
    """The formulas that ONNX has an operator of."""

    def run(operator, *arrays, results=1, domain="", **attributes):
        described = tuple(str(array.dtype) for array in arrays), results, domain, tuple(attributes.items())
        found = session(evaluator, operator, *described).run(None, {f"x{i}": each for i, each in enumerate(arrays)})
        return found if results > 1 else found[0]

    def relu(x):
        return run("Relu", x)

    def dense(x, w, b):
        if x.ndim != 2:
            raise NotImplementedError("Gemm takes a matrix")
        return run("Gemm", x, w, b)

    def matmul(a, b):
        return run("MatMul", a, b)

    def gelu(x):
        return run("Gelu", x, approximate="none")

    def gelu_tanh(x):
        return run("Gelu", x, approximate="tanh")

    def layer_norm(x, w, b, *, epsilon=1e-5):
        return run("LayerNormalization", x, w, b, axis=-1, epsilon=epsilon)

    def softmax(x, *, axis=-1):
        return run("Softmax", x, axis=axis)

    def log_softmax(x, *, axis=-1):
        return run("LogSoftmax", x, axis=axis)

    def sparse_categorical_cross_entropy_from_logits(labels, x, *, axis=-1):
        if x.ndim < 2:
            raise NotImplementedError("SoftmaxCrossEntropyLoss takes a batch")
        classes_second = np.ascontiguousarray(np.moveaxis(x, axis, 1))
        return run("SoftmaxCrossEntropyLoss", classes_second, labels.astype(np.int64), reduction="none")

    def adam_step(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
        # T is the number of this update: with one less, nothing would be corrected in the first.
        arrays = np.asarray(learning_rate, theta.dtype), np.asarray(state.step + 1), theta, grad, state.m, state.v
        options = {"alpha": beta1, "beta": beta2, "epsilon": epsilon, "norm_coefficient": 0.0}
        theta, m, v = run("Adam", *arrays, results=3, domain=TRAINING, **options)
        return theta, (state.step + 1, m, v)

    others = sparse_categorical_cross_entropy_from_logits, adam_step
    offered = relu, dense, matmul, gelu, gelu_tanh, layer_norm, softmax, log_softmax, *others
    return {function.__name__: function for function in offered}


reference = SimpleNamespace(**operators(ReferenceEvaluator))
runtime = SimpleNamespace(dtypes=("float16", "float32", "float64"), **operators(runtime_session))
