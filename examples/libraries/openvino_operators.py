"""OpenVINO's operators on the CPU, each compiled as a model of its own.

As it comes, its CPU plugin computes products in bfloat16 where the processor can; `openvino_operators.py:in_float32`
asks for float32.
"""

from functools import cache, partial
from types import SimpleNamespace

import numpy as np
import openvino
from openvino import opset15 as ops

dtypes = ("float16", "float32", "float64")
core = openvino.Core()


@cache
def compiled(make, options, hint, *described):
    inputs = [ops.parameter([-1] * rank, np.dtype(dtype)) for rank, dtype in described]
    model = openvino.Model([make(*inputs, **dict(options))], inputs)
    return core.compile_model(model, "CPU", dict(hint))


def swish(x):
    return ops.swish(x, ops.constant(1, x.get_element_type()))


def operators(**hint):
    """The formulas that OpenVINO has an operator of."""

    def run(make, *arrays, **options):
        described = [(array.ndim, array.dtype.name) for array in arrays]
        request = compiled(make, tuple(options.items()), tuple(hint.items()), *described).create_infer_request()
        return request.infer(arrays)[0].copy()

    def softmax(x, *, axis=-1):
        return run(ops.softmax, x, axis=axis % x.ndim)

    def log_softmax(x, *, axis=-1):
        return run(ops.log_softmax, x, axis=axis)

    return {
        "relu": partial(run, ops.relu),
        "silu": partial(run, swish),
        "gelu": partial(run, ops.gelu, approximation_mode="ERF"),
        "gelu_tanh": partial(run, ops.gelu, approximation_mode="TANH"),
        "matmul": partial(run, ops.matmul, transpose_a=False, transpose_b=False),
        "softmax": softmax,
        "log_softmax": log_softmax,
    }


globals().update(operators())
in_float32 = SimpleNamespace(dtypes=dtypes, **operators(INFERENCE_PRECISION_HINT="f32"))
