// A subject for `gaugeblock check --exec` from functions of arrays: reads requests, and writes answers.
//
// `serve(functions, make, read)` has float32 alone. `make(numbers, shape)` makes a library's array, and `read(array)` gives
// its shape and numbers. A function gets its arrays by position, then the request, and returns an array, or several by name.
const readline = require("node:readline");

class NotOffered extends Error {}

/** The numbers whose bits a hexadecimal string holds. */
function decoded(hex) {
  const data = Buffer.from(hex, "hex");
  return Float32Array.from({ length: data.length / 4 }, (_, i) => data.readFloatBE(4 * i));
}

/** The bits of numbers as a hexadecimal string. */
function encoded(numbers) {
  const data = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, i) => data.writeFloatBE(number, 4 * i));
  return data.toString("hex");
}

/** The results as an answer has them. */
async function fields(results, read) {
  const answer = {};
  for (const [name, value] of Object.entries(results)) {
    if (typeof value === "number") answer[name] = value;
    else {
      const { shape, numbers } = await read(value);
      const count = shape.reduce((a, b) => a * b, 1);
      if (numbers.length !== count) throw new Error(`${name}: ${numbers.length} numbers for the shape ${shape}`);
      Object.assign(answer, { [`${name}.shape`]: [...shape], [name]: encoded(Float32Array.from(numbers)) });
    }
  }
  return answer;
}

async function answered(request, functions, make, read) {
  if (request.function === "offers") return { functions: Object.keys(functions), dtypes: ["float32"] };
  const names = Object.keys(request).filter((name) => `${name}.shape` in request);
  const arrays = names.map((name) => {
    const numbers = typeof request[name] === "string" ? decoded(request[name]) : Int32Array.from(request[name]);
    return make(numbers, request[`${name}.shape`]);
  });
  try {
    const found = await functions[request.function](...arrays, request);
    return await fields(found.constructor === Object ? found : { y: found }, read);
  } catch (error) {
    if (error instanceof NotOffered) return { not_offered: error.message };
    return { error: String(error) }; // which has no result
  }
}

async function serve(functions, make, read) {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    const answer = await answered(request, functions, make, read);
    process.stdout.write(JSON.stringify({ id: request.id, ...answer }) + "\n");
  }
}

module.exports = { serve, NotOffered };
