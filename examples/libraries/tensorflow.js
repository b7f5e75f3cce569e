// TensorFlow.js on its CPU backend, in Node, and its optimizer.
const tf = require("@tensorflow/tfjs");
const { serve, NotOffered } = require("./lines.js");

/** The array with one axis moved. */
function moved(x, from, to) {
  const order = x.shape.map((_, i) => i), [axis] = order.splice(from, 1);
  order.splice(to < 0 ? order.length + 1 + to : to, 0, axis);
  return x.transpose(order);
}

const alongLast = (function_) => (x, { axis }) => moved(function_(moved(x, axis, -1)), -1, axis);

function sparse_categorical_cross_entropy_from_logits(labels, x, { axis }) {
  const chosen = tf.oneHot(labels, x.shape.at(axis));
  return tf.losses.softmaxCrossEntropy(chosen, moved(x, axis, -1), undefined, undefined, tf.Reduction.NONE);
}

async function adam_step(theta, grad, m, v, { step, learning_rate, beta1, beta2, epsilon }) {
  const adam = tf.train.adam(learning_rate, beta1, beta2, epsilon), parameter = tf.variable(theta, true, "theta");
  const state = [tf.scalar(step, "int32"), m, v].map((tensor, i) => ({ name: `${i}`, tensor }));
  await adam.setWeights(state);
  adam.applyGradients({ theta: grad });
  const [, first, second] = (await adam.getWeights()).map(({ tensor }) => tensor);
  const after = parameter.clone();
  parameter.dispose();
  return { theta: after, m: first, v: second, step: step + 1 };
}

const functions = {
  relu: (x) => tf.relu(x),
  dense: (x, w, b) => {
    if (x.rank < 2) throw new NotOffered("tf.matMul takes matrices");
    return tf.add(tf.matMul(x, w), b);
  },
  matmul: (a, b) => tf.matMul(a, b),
  softmax: alongLast((x) => tf.softmax(x)),
  log_softmax: alongLast((x) => tf.logSoftmax(x)),
  sparse_categorical_cross_entropy_from_logits,
  adam_step,
};

const make = (numbers, shape) => tf.tensor(numbers, shape, numbers instanceof Int32Array ? "int32" : "float32");
tf.setBackend("cpu").then(() => serve(functions, make, async (array) => ({ shape: array.shape, numbers: await array.data() })));
