// Softmax and Adam in JavaScript, as a program that `gaugeblock check --exec` can judge.
//
//     gaugeblock check --exec 'node examples/exec/program.js'
//
// Softmax rounds to float32 after each operation; Adam computes in float64 and rounds a float32 result once, at the end.
const readline = require("node:readline");

const product = (lengths) => lengths.reduce((a, b) => a * b, 1);
const bytes = { float32: 4, float64: 8 };

/** The numbers whose bits a hexadecimal string holds. */
function decoded(hex, dtype) {
  const data = Buffer.from(hex, "hex");
  const read = dtype === "float32" ? "readFloatBE" : "readDoubleBE";
  return Array.from({ length: data.length / bytes[dtype] }, (_, i) => data[read](i * bytes[dtype]));
}

/** The bits of numbers as a hexadecimal string; float32 rounds here. */
function encoded(numbers, dtype) {
  const data = Buffer.alloc(numbers.length * bytes[dtype]);
  const write = dtype === "float32" ? "writeFloatBE" : "writeDoubleBE";
  numbers.forEach((number, i) => data[write](number, i * bytes[dtype]));
  return data.toString("hex");
}

function softmax({ dtype, axis, x, "x.shape": shape }) {
  const round = dtype === "float32" ? Math.fround : (number) => number;
  const along = axis < 0 ? axis + shape.length : axis;
  const n = shape[along], inner = product(shape.slice(along + 1));
  const y = decoded(x, dtype);
  for (let row = 0; row < y.length / n; row++) {
    const first = Math.floor(row / inner) * n * inner + (row % inner);
    const places = Array.from({ length: n }, (_, j) => first + j * inner);
    const max = places.reduce((most, i) => Math.max(most, y[i]), -Infinity);
    for (const i of places) y[i] = round(Math.exp(round(y[i] - max)));
    const sum = places.reduce((total, i) => round(total + y[i]), 0);
    for (const i of places) y[i] = round(y[i] / sum);
  }
  return { "y.shape": shape, y: encoded(y, dtype) };
}

function adam_step({ dtype, learning_rate, beta1, beta2, epsilon, ...given }) {
  const [theta, grad, m, v] = ["theta", "grad", "m", "v"].map((name) => decoded(given[name], dtype));
  const step = given.step + 1, shape = given["theta.shape"];
  const c1 = -Math.expm1(step * Math.log(beta1)), c2 = -Math.expm1(step * Math.log(beta2)); // 1 - beta**step would cancel
  for (let i = 0; i < theta.length; i++) {
    m[i] = beta1 * m[i] + (1 - beta1) * grad[i];
    v[i] = beta2 * v[i] + (1 - beta2) * (grad[i] * grad[i]);
    theta[i] -= (learning_rate * (m[i] / c1)) / (Math.sqrt(v[i] / c2) + epsilon);
  }
  const [thetaBits, mBits, vBits] = [theta, m, v].map((numbers) => encoded(numbers, dtype));
  return { "theta.shape": shape, theta: thetaBits, "m.shape": shape, m: mBits, "v.shape": shape, v: vBits, step };
}

const functions = { softmax, adam_step };
const offers = () => ({ functions: Object.keys(functions), dtypes: Object.keys(bytes) });

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const request = JSON.parse(line);
  const answer = { ...functions, offers }[request.function](request);
  process.stdout.write(JSON.stringify({ id: request.id, ...answer }) + "\n");
});
