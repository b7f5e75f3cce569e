"""What other libraries offer of the formulas: what makes the function, once the library is imported.

Each takes arrays of the backend that `PEERS` names beside it, has classes along the last axis, and Adam's defaults.
Of gradients it is what automatic differentiation makes, the function itself included. Functions of JAX are jitted.
"""

import importlib
import os
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

Function = Callable[..., Any]
Functions = dict[str, Callable[[Any], Function]]  # of the library's module


class Peer(NamedTuple):
    """A library that is compared with: its module, the backend whose arrays it takes, and its functions."""

    module: str
    backend: str
    functions: Functions

    def function(self, formula: str) -> Function:
        """The library's function; ImportError if it is not installed."""
        return self.functions[formula](importlib.import_module(self.module))


def torch_gradient(torch: Any, function: Function) -> Function:
    """The gradients towards all arrays but the last, which is g."""

    def gradient(*arrays: Any) -> Any:
        *variables, g = (array.detach().requires_grad_(i < len(arrays) - 1) for i, array in enumerate(arrays))
        found = torch.autograd.grad(function(*variables), variables, g)
        return found if len(found) > 1 else found[0]

    return gradient


def torch_gradient_of(name: str, torch: Any) -> Function:
    return torch_gradient(torch, TORCH[name](torch))


def torch_loss(torch: Any) -> Function:
    return lambda y, x: torch.nn.functional.cross_entropy(x, y, reduction="none")


def torch_loss_gradient(torch: Any) -> Function:
    return lambda y, x, g: torch_gradient(torch, partial(torch_loss(torch), y))(x, g)


def torch_attention(torch: Any) -> Function:
    attention = torch.nn.functional.scaled_dot_product_attention
    return lambda q, k, v, mask: attention(q, k, v, attn_mask=mask)


def torch_attention_gradient(torch: Any) -> Function:
    return lambda q, k, v, g, mask: torch_gradient(torch, lambda *of: torch_attention(torch)(*of, mask))(q, k, v, g)


def torch_embedding_gradient(torch: Any) -> Function:
    return lambda table, labels, g: torch_gradient(torch, partial(torch.nn.functional.embedding, labels))(table, g)


def torch_mean_loss(torch: Any) -> Function:
    return lambda labels, x, weight: torch.nn.functional.cross_entropy(x, labels, weight)


def torch_mean_loss_gradient(torch: Any) -> Function:
    loss = torch_mean_loss(torch)
    return lambda labels, x, g, weight: torch_gradient(torch, lambda x: loss(labels, x, weight))(x, g)


TORCH: Functions = {
    "neuron": lambda torch: lambda x, w, b: x @ w + b,
    "dense": lambda torch: lambda x, w, b: torch.addmm(b, x, w),
    "relu": lambda torch: torch.nn.functional.relu,
    "matmul": lambda torch: torch.matmul,
    "silu": lambda torch: torch.nn.functional.silu,
    "gelu": lambda torch: torch.nn.functional.gelu,
    "gelu_tanh": lambda torch: partial(torch.nn.functional.gelu, approximate="tanh"),
    "rms_norm": lambda torch: lambda x, w: torch.nn.functional.rms_norm(x, w.shape, w, 1e-6),
    "layer_norm": lambda torch: lambda x, w, b: torch.nn.functional.layer_norm(x, w.shape, w, b),
    "embedding": lambda torch: lambda table, labels: torch.nn.functional.embedding(labels, table),
    "softmax": lambda torch: partial(torch.nn.functional.softmax, dim=-1),
    "log_softmax": lambda torch: partial(torch.nn.functional.log_softmax, dim=-1),
    "categorical_cross_entropy_from_logits": torch_loss,
    "sparse_categorical_cross_entropy_from_logits": torch_loss,
    "categorical_cross_entropy_from_logits_vjp": torch_loss_gradient,
    "sparse_categorical_cross_entropy_from_logits_vjp": torch_loss_gradient,
    "scaled_dot_product_attention": torch_attention,
    "scaled_dot_product_attention_vjp": torch_attention_gradient,
    "cross_entropy": torch_mean_loss,
    "cross_entropy_vjp": torch_mean_loss_gradient,
    "embedding_vjp": torch_embedding_gradient,
}
OF_ARRAYS = "neuron", "dense", "relu", "matmul", "silu", "gelu", "gelu_tanh", "rms_norm", "layer_norm"
for each in (*OF_ARRAYS, "softmax", "log_softmax"):
    TORCH[f"{each}_vjp"] = partial(torch_gradient_of, each)


def jax_gradient(jax: Any, function: Function) -> Function:
    """The gradients towards all arrays but the last, which is g."""

    def gradient(*arrays: Any) -> Any:
        found = jax.vjp(function, *arrays[:-1])[1](arrays[-1])
        return found if len(found) > 1 else found[0]

    return gradient


JAX: Functions = {
    "neuron": lambda jax: lambda x, w, b: x @ w + b,
    "dense": lambda jax: lambda x, w, b: x @ w + b,
    "relu": lambda jax: jax.nn.relu,
    "silu": lambda jax: jax.nn.silu,
    "gelu": lambda jax: partial(jax.nn.gelu, approximate=False),
    "gelu_tanh": lambda jax: jax.nn.gelu,
    "softmax": lambda jax: jax.nn.softmax,
    "log_softmax": lambda jax: jax.nn.log_softmax,
    "neuron_vjp": lambda jax: jax_gradient(jax, JAX["neuron"](jax)),
    "dense_vjp": lambda jax: jax_gradient(jax, JAX["dense"](jax)),
    "relu_vjp": lambda jax: jax_gradient(jax, jax.nn.relu),
    "softmax_vjp": lambda jax: jax_gradient(jax, jax.nn.softmax),
    "log_softmax_vjp": lambda jax: jax_gradient(jax, jax.nn.log_softmax),
}


def optax_gradient(loss: str) -> Callable[[Any], Function]:
    def made(optax: Any) -> Function:
        jax = importlib.import_module("jax")
        return lambda y, x, g: jax_gradient(jax, lambda x: OPTAX[loss](optax)(y, x))(x, g)

    return made


OPTAX: Functions = {
    "categorical_cross_entropy_from_logits": lambda optax: lambda y, x: optax.softmax_cross_entropy(x, y),
    "sparse_categorical_cross_entropy_from_logits": (
        lambda optax: lambda labels, x: optax.softmax_cross_entropy_with_integer_labels(x, labels)
    ),
    "categorical_cross_entropy_from_logits_vjp": optax_gradient("categorical_cross_entropy_from_logits"),
    "sparse_categorical_cross_entropy_from_logits_vjp": optax_gradient("sparse_categorical_cross_entropy_from_logits"),
}

SCIPY: Functions = {
    "softmax": lambda special: partial(special.softmax, axis=-1),
    "log_softmax": lambda special: partial(special.log_softmax, axis=-1),
}


def onnx_operator(name: str, inputs: int = 1) -> Callable[[Any], Function]:
    """A model of one node, on as many threads as OpenMP would have."""

    def made(onnxruntime: Any) -> Function:
        from onnx import TensorProto, helper

        names = [f"x{i}" for i in range(inputs)]
        *given, result = (helper.make_tensor_value_info(each, TensorProto.FLOAT, None) for each in (*names, "y"))
        graph = helper.make_graph([helper.make_node(name, names, ["y"])], name, given, [result])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return lambda *arrays: session.run(None, dict(zip(names, arrays, strict=True)))[0]

    return made


ONNX: Functions = {
    "dense": onnx_operator("Gemm", 3),
    "relu": onnx_operator("Relu"),
    "softmax": onnx_operator("Softmax"),
    "log_softmax": onnx_operator("LogSoftmax"),
}

KERAS: Functions = {
    "dense": lambda keras: lambda x, w, b: keras.ops.matmul(x, w) + b,
    "relu": lambda keras: keras.ops.relu,
    "softmax": lambda keras: keras.ops.softmax,
    "log_softmax": lambda keras: keras.ops.log_softmax,
    "categorical_cross_entropy_from_logits": lambda keras: partial(
        keras.ops.categorical_crossentropy, from_logits=True
    ),
    "sparse_categorical_cross_entropy_from_logits": (
        lambda keras: partial(keras.ops.sparse_categorical_crossentropy, from_logits=True)
    ),
}


def under_keras(backends: list[str]) -> str:
    """What Keras runs on: the first of `backends` that it can."""
    return next((name for name in backends if name != "strict"), "numpy")


def peers(backends: list[str]) -> dict[str, Peer]:
    """The libraries, by the name that the tables have for them."""
    keras = under_keras(backends)
    return {
        "torch.nn.functional": Peer("torch", "torch", TORCH),
        "jax.nn": Peer("jax", "jax", JAX),
        "optax": Peer("optax", "jax", OPTAX),
        "scipy.special": Peer("scipy.special", "numpy", SCIPY),
        "onnxruntime": Peer("onnxruntime", "numpy", ONNX),
        f"keras.ops on {keras}": Peer("keras", keras, KERAS),
    }
