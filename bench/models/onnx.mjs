// A builder of ONNX files: nodes, constants and the attributes they take.
import { float, integer, message, text, writePieces } from './protobuf.mjs';

/** ONNX's numbers for element types. */
const types = new Map([
  [Float32Array, 1],
  [Uint8Array, 2],
  [Int8Array, 3],
  [BigInt64Array, 7],
]);

/** A graph under construction. Values are known by name. */
export class OnnxGraph {
  #nodes = [];
  #constants = [];
  #count = 0;

  /** Adds a constant and returns its name. */
  constant(shape, data) {
    const name = `constant${this.#count++}`;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#constants.push(
      ...message(5, [
        ...shape.flatMap((size) => integer(1, size)),
        ...integer(2, types.get(data.constructor)),
        ...text(8, name),
        ...message(9, [bytes]),
      ]),
    );
    return name;
  }

  /** Adds a constant list of whole numbers, as shapes and axes are given. */
  integers(values) {
    return this.constant([values.length], BigInt64Array.from(values, BigInt));
  }

  /** Adds a node with one output, or `outputs` of them, and returns their names. */
  node(type, inputs, attributes = {}, { domain = '', outputs = 1 } = {}) {
    const names = Array.from({ length: outputs }, () => `${type}${this.#count++}`);
    this.#nodes.push(
      ...message(1, [
        ...inputs.flatMap((name) => text(1, name)),
        ...names.flatMap((name) => text(2, name)),
        ...text(3, names[0]),
        ...text(4, type),
        ...Object.entries(attributes).flatMap(([name, value]) => message(5, attribute(name, value))),
        ...text(7, domain),
      ]),
    );
    return outputs === 1 ? names[0] : names;
  }

  /** Writes the model, whose `input` and `output` are { name, shape } of 32-bit floats; the value `result` is put out. */
  write(path, input, output, result) {
    this.writeAll(path, [input], [{ ...output, value: result }]);
  }

  /**
   * The same with several: { name, shape, type }, a type being ONNX's number, by default that of 32-bit floats, and a size
   * that is open a name; of outputs also the `value` that is put out.
   */
  writeAll(path, inputs, outputs) {
    const put = ({ name, value }) =>
      message(1, [...text(1, value), ...text(2, name), ...text(4, 'Identity')]);
    const graph = [
      ...this.#nodes,
      ...outputs.flatMap(put),
      ...text(2, 'vit'),
      ...this.#constants,
      ...inputs.flatMap((input) => message(11, valueInfo(input))),
      ...outputs.flatMap((output) => message(12, valueInfo(output))),
    ];
    const opset = (domain, version) => message(8, [...text(1, domain), ...integer(2, version)]);
    writePieces(path, [
      ...integer(1, 9),
      ...text(2, 'vit-wasm-bench'),
      ...opset('', 20),
      ...opset('com.microsoft', 1),
      ...message(7, graph),
    ]);
  }
}

/** A whole number, a `{ float }`, a text or a list of whole numbers. */
function attribute(name, value) {
  const kinds = { float: 1, integer: 2, text: 3, integers: 7 };
  const [kind, pieces] = Array.isArray(value)
    ? ['integers', value.flatMap((item) => integer(8, item))]
    : typeof value === 'object'
      ? ['float', float(2, value.float)]
      : typeof value === 'string'
        ? ['text', text(4, value)]
        : ['integer', integer(3, value)];
  return [...text(1, name), ...pieces, ...integer(20, kinds[kind])];
}

function valueInfo({ name, shape, type = 1 }) {
  const dimensions = shape.flatMap((size) =>
    message(1, typeof size === 'string' ? text(2, size) : integer(1, size)),
  );
  const tensorType = [...integer(1, type), ...message(2, dimensions)];
  return [...text(1, name), ...message(2, message(1, tensorType))];
}
