// onnxruntime-web in Node, on WebAssembly: ONNX's operators, each as a model of one node.
const ort = require("onnxruntime-web");
const { serve, NotOffered } = require("./lines.js");

ort.env.logLevel = "error";
ort.env.wasm.numThreads = 1;
const FLOAT32 = 1, INT64 = 7; // element types
const sessions = new Map();

// A message of protocol buffers: fields by their number, whose values are integers, texts, messages or lists of these.
const varint = (n) => (n > 127 ? [(n & 127) | 128, ...varint(n >>> 7)] : [n]);
const bytes = (value) => (typeof value === "string" ? [...Buffer.from(value)] : message(value));
function field(number, value) {
  if (Array.isArray(value)) return value.flatMap((each) => field(number, each));
  if (value instanceof Float32Array) return [8 * number + 5, ...new Uint8Array(value.buffer)];
  if (Number.isInteger(value)) return [...varint(8 * number), ...varint(value)];
  const inside = bytes(value);
  return [...varint(8 * number + 2), ...varint(inside.length), ...inside];
}
const message = (fields) => Object.entries(fields).flatMap(([number, value]) => field(Number(number), value));

const tensor = (name, type) => ({ 1: name, 2: { 1: { 1: type } } });
function attribute([name, value]) {
  if (typeof value === "string") return { 1: name, 4: value, 20: 3 };
  if (value instanceof Float32Array) return { 1: name, 2: value, 20: 1 };
  return { 1: name, 3: value, 20: 2 };
}

function model(operator, types, attributes) {
  const names = types.map((_, i) => `x${i}`);
  const node = { 1: names, 2: "y", 4: operator, 5: Object.entries(attributes).map(attribute) };
  const inputs = types.map((type, i) => tensor(names[i], type));
  const graph = { 1: node, 2: operator, 11: inputs, 12: tensor("y", FLOAT32) };
  return Uint8Array.from(message({ 1: 10, 7: graph, 8: { 2: 21 } }));
}

async function run(operator, arrays, attributes = {}) {
  const types = arrays.map((array) => (array.type === "int64" ? INT64 : FLOAT32));
  const key = JSON.stringify([operator, types, Object.entries(attributes).map(([name, value]) => [name, String(value)])]);
  if (!sessions.has(key)) sessions.set(key, await ort.InferenceSession.create(model(operator, types, attributes)));
  return (await sessions.get(key).run(Object.fromEntries(arrays.map((array, i) => [`x${i}`, array])))).y;
}

const along = (axis, x) => (axis < 0 ? axis + x.dims.length : axis);
const one = (operator, attributes) => (...given) => run(operator, given.slice(0, -1), attributes);
const functions = {
  relu: one("Relu"),
  gelu: one("Gelu", { approximate: "none" }),
  gelu_tanh: one("Gelu", { approximate: "tanh" }),
  matmul: one("MatMul"),
  dense: (x, w, b) => {
    if (x.dims.length !== 2) throw new NotOffered("Gemm takes a matrix");
    return run("Gemm", [x, w, b]);
  },
  softmax: (x, { axis }) => run("Softmax", [x], { axis: along(axis, x) }),
  log_softmax: (x, { axis }) => run("LogSoftmax", [x], { axis: along(axis, x) }),
  layer_norm: (x, w, b, { epsilon }) =>
    run("LayerNormalization", [x, w, b], { axis: along(-1, x), epsilon: Float32Array.of(epsilon) }),
};

const make = (numbers, shape) =>
  numbers instanceof Float32Array
    ? new ort.Tensor("float32", numbers, shape)
    : new ort.Tensor("int64", BigInt64Array.from(numbers, BigInt), shape);
serve(functions, make, (array) => ({ shape: array.dims, numbers: array.data }));
