// A builder of TFLite files: one graph of operators, constants and the options they take. Field numbers are those of
// TensorFlow Lite's schema.fbs.
import { writeFileSync } from 'node:fs';
import { Builder } from 'flatbuffers';

/** Operators by their names in the schema: number, number of the options' table, and the options' fields. */
const operators = {
  ADD: { code: 0, table: 11, fields: { activation: [0, 'Int8'] } },
  CONCATENATION: { code: 2, table: 10, fields: { axis: [0, 'Int32'] } },
  CONV_2D: {
    code: 3,
    table: 1,
    fields: {
      padding: [0, 'Int8'],
      strideX: [1, 'Int32'],
      strideY: [2, 'Int32'],
      activation: [3, 'Int8'],
    },
  },
  DEPTHWISE_CONV_2D: {
    code: 4,
    table: 2,
    fields: {
      padding: [0, 'Int8'],
      strideX: [1, 'Int32'],
      strideY: [2, 'Int32'],
      multiplier: [3, 'Int32'],
      activation: [4, 'Int8'],
    },
  },
  FULLY_CONNECTED: { code: 9, table: 8, fields: {} },
  MAX_POOL_2D: {
    code: 17,
    table: 5,
    fields: {
      padding: [0, 'Int8'],
      strideX: [1, 'Int32'],
      strideY: [2, 'Int32'],
      width: [3, 'Int32'],
      height: [4, 'Int32'],
    },
  },
  MUL: { code: 18, table: 21, fields: {} },
  RESHAPE: { code: 22, table: 17, fields: {} },
  SOFTMAX: { code: 25, table: 9, fields: { beta: [0, 'Float32'] } },
  TRANSPOSE: { code: 39, table: 26, fields: {} },
  MEAN: { code: 40, table: 27, fields: { keepDimensions: [0, 'Int8'] } },
  SUB: { code: 41, table: 28, fields: {} },
  SLICE: { code: 65, table: 48, fields: {} },
  RSQRT: { code: 76, table: 0, fields: {} },
  SQUARED_DIFFERENCE: { code: 99, table: 76, fields: {} },
  HARD_SWISH: { code: 117, table: 0, fields: {} },
  BATCH_MATMUL: { code: 126, table: 101, fields: { transposeB: [1, 'Int8'] } },
  GELU: { code: 150, table: 116, fields: {} },
};

const elementTypes = new Map([
  [Float32Array, 0],
  [Int32Array, 2],
  [Int8Array, 9],
]);

const schemaVersion = 3;

/** A graph under construction. Tensors are known by number. */
export class TfliteGraph {
  #tensors = [];
  #nodes = [];

  /** The picture, or whatever else comes from outside. */
  input(shape) {
    return this.#tensor({ shape, type: elementTypes.get(Float32Array) });
  }

  /** A constant; with `scales`, bytes that stand for floats, one scale for each index of the first dimension. */
  constant(shape, data, scales) {
    return this.#tensor({ shape, type: elementTypes.get(data.constructor), data, scales });
  }

  /** A constant list of whole numbers, as shapes and axes are given. */
  integers(values) {
    return this.constant([values.length], Int32Array.from(values));
  }

  /** Adds an operator whose one output has `shape`, and returns that output. */
  node(name, inputs, shape, options = {}) {
    const output = this.#tensor({ shape, type: elementTypes.get(Float32Array) });
    this.#nodes.push({ name, inputs, output, options });
    return output;
  }

  shapeOf(tensor) {
    return this.#tensors[tensor].shape;
  }

  /** Writes the model. */
  write(path, input, output) {
    const builder = new Builder(1 << 20);
    const names = Object.keys(operators);
    // Buffer 0 is empty by convention: that of tensors which are not constants.
    const constants = this.#tensors.filter(({ data }) => data);
    const buffers = [{}, ...constants].map(({ data }) => {
      return table(builder, 3, data ? [[0, 'Offset', bytesOf(builder, data)]] : []);
    });
    const tensors = this.#tensors.map((tensor, index) => {
      return tensorTable(builder, tensor, `t${index}`, constants.indexOf(tensor) + 1);
    });
    const nodes = this.#nodes.map((node) => nodeTable(builder, node, names.indexOf(node.name)));
    const codes = names.map((name) => {
      const { code } = operators[name];
      return table(builder, 4, [
        [0, 'Int8', Math.min(code, 127)],
        [2, 'Int32', 1],
        [3, 'Int32', code],
      ]);
    });
    const graph = table(builder, 5, [
      [0, 'Offset', offsets(builder, tensors)],
      [1, 'Offset', integers(builder, [input])],
      [2, 'Offset', integers(builder, [output])],
      [3, 'Offset', offsets(builder, nodes)],
    ]);
    const model = table(builder, 8, [
      [0, 'Int32', schemaVersion],
      [1, 'Offset', offsets(builder, codes)],
      [2, 'Offset', offsets(builder, [graph])],
      [4, 'Offset', offsets(builder, buffers)],
    ]);
    builder.finish(model, 'TFL3');
    writeFileSync(path, builder.asUint8Array());
  }

  #tensor(tensor) {
    return this.#tensors.push(tensor) - 1;
  }
}

function tensorTable(builder, { shape, type, scales }, name, buffer) {
  const fields = [
    [0, 'Offset', integers(builder, shape)],
    [1, 'Int8', type],
    [2, 'Int32', buffer],
    [3, 'Offset', builder.createString(name)],
  ];
  if (scales) fields.push([4, 'Offset', quantizationTable(builder, scales)]);
  return table(builder, 9, fields);
}

function quantizationTable(builder, scales) {
  builder.startVector(4, scales.length, 4);
  for (const scale of scales.toReversed()) builder.addFloat32(scale);
  const scaleVector = builder.endVector();
  builder.startVector(8, scales.length, 8);
  for (let i = 0; i < scales.length; i++) builder.addInt64(0n);
  const zeroPoints = builder.endVector();
  return table(builder, 7, [
    [2, 'Offset', scaleVector],
    [3, 'Offset', zeroPoints],
  ]);
}

function nodeTable(builder, { name, inputs, output, options }, code) {
  const { table: optionsType, fields } = operators[name];
  const given = Object.entries(options).map(([option, value]) => [...fields[option], value]);
  return table(builder, 9, [
    [0, 'Int32', code],
    [1, 'Offset', integers(builder, inputs)],
    [2, 'Offset', integers(builder, [output])],
    [3, 'Int8', optionsType],
    ...(optionsType ? [[4, 'Offset', table(builder, 8, given)]] : []),
  ]);
}

/** A table of `size` fields, of which some are given as [number, type, value]. What is an offset was made before. */
function table(builder, size, fields) {
  builder.startObject(size);
  // Whatever is given is written, even where it equals the schema's default.
  builder.forceDefaults(true);
  for (const [field, type, value] of fields) builder[`addField${type}`](field, value, 0);
  return builder.endObject();
}

function offsets(builder, values) {
  builder.startVector(4, values.length, 4);
  for (const value of values.toReversed()) builder.addOffset(value);
  return builder.endVector();
}

function integers(builder, values) {
  builder.startVector(4, values.length, 4);
  for (const value of values.toReversed()) builder.addInt32(value);
  return builder.endVector();
}

/** The bytes of a constant, aligned as the schema asks. */
function bytesOf(builder, data) {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  builder.startVector(1, bytes.length, 16);
  builder.bb.setPosition((builder.space -= bytes.length));
  builder.bb.bytes().set(bytes, builder.space);
  return builder.endVector();
}
