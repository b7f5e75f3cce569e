"""tf.nn on the CPU, what tf.GradientTape makes of it, and tf.keras's optimizer, whose state is its own."""

import tensorflow as tf

to_library, subnormals = tf.constant, "flush"
dtypes = ("float16", "bfloat16", "float32", "float64")
relu, silu, gelu, matmul = tf.nn.relu, tf.nn.silu, tf.nn.gelu, tf.matmul


def embedding(table, labels):
    return tf.nn.embedding_lookup(table, tf.cast(labels, tf.int64))


def gelu_tanh(x):
    return tf.nn.gelu(x, approximate=True)


def dense(x, w, b):
    if x.ndim < 2:
        raise NotImplementedError("tf.matmul takes matrices")
    return tf.matmul(x, w) + b


def softmax(x, *, axis=-1):
    return tf.nn.softmax(x, axis=axis)


def log_softmax(x, *, axis=-1):
    return tf.nn.log_softmax(x, axis=axis)


def categorical_cross_entropy_from_logits(y, x, *, axis=-1):
    return tf.nn.softmax_cross_entropy_with_logits(tf.cast(y, x.dtype), x, axis=axis)


def sparse_categorical_cross_entropy_from_logits(labels, x, *, axis=-1):
    classes_last = tf.experimental.numpy.moveaxis(x, axis, -1)
    return tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(labels, tf.int64), classes_last)


def vjp(function, inputs, g):
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = function(*inputs)
    return [tf.convert_to_tensor(each) for each in tape.gradient(y, inputs, g)]


def optimizer(theta, *, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    adam, variable = tf.keras.optimizers.Adam(learning_rate, beta1, beta2, epsilon), tf.Variable(theta)

    def step(grad):
        adam.apply_gradients([(grad, variable)])
        return tf.convert_to_tensor(variable)

    return step
