"""Keras on the backend that the environment variable KERAS_BACKEND names: numpy, jax or torch."""

import keras

backend = keras.backend.backend()
relu, silu, gelu_tanh, matmul = keras.ops.relu, keras.ops.silu, keras.ops.gelu, keras.ops.matmul


def gelu(x):
    return keras.ops.gelu(x, approximate=False)


def layer_norm(x, w, b, *, epsilon=1e-5):
    return keras.ops.layer_normalization(x, w, b, epsilon=epsilon)


def rms_norm(x, w, *, epsilon=1e-6):
    return keras.ops.rms_normalization(x, w, epsilon=epsilon)


def dense(x, w, b):
    if x.ndim < 2:
        raise NotImplementedError("keras.layers.Dense takes a batch")
    layer = keras.layers.Dense(w.shape[-1], dtype=keras.backend.standardize_dtype(x.dtype))
    layer.build(x.shape)
    layer.kernel.assign(w)
    layer.bias.assign(b)
    return layer(x)


def softmax(x, *, axis=-1):
    return keras.ops.softmax(x, axis=axis)


def log_softmax(x, *, axis=-1):
    return keras.ops.log_softmax(x, axis=axis)


def categorical_cross_entropy(y, p, *, axis=-1, clip=None):
    if clip is not None:
        raise NotImplementedError("keras.losses.categorical_crossentropy has no clip argument")
    return keras.losses.categorical_crossentropy(y, p, axis=axis)


def categorical_cross_entropy_from_logits(y, x, *, axis=-1):
    return keras.losses.categorical_crossentropy(y, x, from_logits=True, axis=axis)


def sparse_categorical_cross_entropy_from_logits(labels, x, *, axis=-1):
    return keras.losses.sparse_categorical_crossentropy(labels, x, from_logits=True, axis=axis)


def adam_step(theta, grad, state, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    dtype = keras.backend.standardize_dtype(theta.dtype)
    keras.config.set_floatx(dtype)  # of the optimizer's own variables, the learning rate among them
    parameter = keras.Variable(keras.ops.copy(theta), dtype=dtype)
    adam = keras.optimizers.Adam(learning_rate, beta_1=beta1, beta_2=beta2, epsilon=epsilon)
    adam.build([parameter])
    step, _, m, v = adam.variables
    for variable, value in ((step, state.step), (m, state.m), (v, state.v)):
        variable.assign(value)
    adam.apply([grad])
    return parameter.value, (int(step.value), m.value, v.value)
