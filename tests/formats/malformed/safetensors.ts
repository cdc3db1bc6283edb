// Files that break the format of safetensors.
import { frame } from '../../web/tiny-checkpoint.js';
import { config, latin1, nothing, weightsOf, whole, type Malformed, type Row } from './row.js';

const headerEnd = 8 + Number(new DataView(whole.buffer).getBigUint64(0, true));

const ofLength = (length: bigint) => () => {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setBigUint64(0, length, true);
  return bytes;
};
const entry = (description: string) => () => frame(`{"t": ${description}}`, new Uint8Array(64));

/** Files that are no safetensors. */
const framing: readonly Row[] = [
  ['an empty file', 'truncated', 'is empty', () => nothing],
  ['a file of 5 bytes', 'not-safetensors', 'fewer than 8 bytes', () => new Uint8Array(5)],
  ['a header of 0 bytes', 'not-safetensors', '0 bytes', ofLength(0n)],
  ['a header of 1 byte', 'not-safetensors', '1 bytes', ofLength(1n)],
  ['a header of 100,000,001 bytes', 'not-safetensors', '100000001 bytes', ofLength(100_000_001n)],
  ['a header of 2^63 bytes', 'not-safetensors', '9223372036854775808 bytes', ofLength(2n ** 63n)],
  ['a header beyond the end', 'truncated', 'within its header of 1000', ofLength(1000n)],
  ['a header cut in half', 'truncated', 'within its header', () => whole.slice(0, headerEnd >> 1)],
  ['a header alone', 'truncated', 'within "vit.embeddings.cls_token"', () => whole.slice(0, headerEnd)],
  ['the end within a tensor', 'truncated', 'within "classifier', () => whole.slice(0, -1)],
  ['the end between tensors', 'truncated', 'within "classifier.bias"', () => whole.slice(0, -12)],
  [
    'a byte too many',
    'not-safetensors',
    'continues after its last tensor',
    () => Uint8Array.from([...whole, 0]),
  ],
  ['a header that is no UTF-8', 'not-safetensors', 'not UTF-8', () => frame(latin1('{"\xff": 1}'))],
  ['a header that is a list', 'not-safetensors', 'does not start with "{"', () => frame('[]')],
  ['a header of zeros', 'not-safetensors', 'does not start with "{"', () => frame(new Uint8Array(40))],
  ['a header that is no JSON', 'not-safetensors', 'not valid JSON', () => frame('{"a": }')],
  ['a header in a header', 'not-safetensors', 'not valid JSON', () => frame('{"a": 1}{"b": 2}')],
  ['metadata that is a list', 'not-safetensors', '__metadata__', () => frame('{"__metadata__": []}')],
  ['no tensor at all', 'unsupported-model', 'it has none', () => frame('{}')],
];

const twice = (a: string, b: string) => () => {
  const description = '{"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}';
  return frame(`{"${a}": ${description}, "${b}": ${description}}`, new Uint8Array(1));
};

/** Tensors that are described wrongly. */
const entries: readonly Row[] = [
  ['a number', 'not-safetensors', 'not described by an object', entry('7')],
  ['null', 'not-safetensors', 'not described by an object', entry('null')],
  [
    'an unknown dtype',
    'not-safetensors',
    'unknown dtype "F12"',
    entry('{"dtype": "F12", "shape": [1], "data_offsets": [0, 4]}'),
  ],
  [
    'a dtype of the prototype',
    'not-safetensors',
    'unknown dtype "constructor"',
    entry('{"dtype": "constructor", "shape": [], "data_offsets": [0, 4]}'),
  ],
  ['no dtype', 'not-safetensors', 'unknown dtype', entry('{"shape": [1], "data_offsets": [0, 4]}')],
  ['no shape', 'not-safetensors', 'no shape', entry('{"dtype": "F32", "data_offsets": [0, 4]}')],
  [
    'a negative shape',
    'not-safetensors',
    'no shape',
    entry('{"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}'),
  ],
  [
    'half a shape',
    'not-safetensors',
    'no shape',
    entry('{"dtype": "F32", "shape": [0.5], "data_offsets": [0, 2]}'),
  ],
  [
    'an infinite shape',
    'not-safetensors',
    'no shape',
    entry('{"dtype": "F32", "shape": [1e999], "data_offsets": [0, 4]}'),
  ],
  [
    'a shape that overflows',
    'not-safetensors',
    'impossible shape',
    entry('{"dtype": "F32", "shape": [4294967296, 4294967296], "data_offsets": [0, 0]}'),
  ],
  ['no offsets', 'not-safetensors', 'no data_offsets', entry('{"dtype": "F32", "shape": [1]}')],
  [
    'three offsets',
    'not-safetensors',
    'no data_offsets',
    entry('{"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 8]}'),
  ],
  [
    'offsets backwards',
    'not-safetensors',
    'has -4 bytes',
    entry('{"dtype": "F32", "shape": [1], "data_offsets": [8, 4]}'),
  ],
  [
    'negative offsets',
    'not-safetensors',
    'no data_offsets',
    entry('{"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]}'),
  ],
  [
    'too few bytes',
    'not-safetensors',
    'has 20 bytes',
    entry('{"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 20]}'),
  ],
  [
    'a gap before it',
    'not-safetensors',
    'gap before',
    entry('{"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}'),
  ],
  ['its name twice', 'not-safetensors', 'two tensors named "a"', twice('a', 'a')],
  ['its name twice, once escaped', 'not-safetensors', 'two tensors named "a"', twice('a', '\\u0061')],
  ['its bytes shared with another', 'not-safetensors', '"b" overlaps', twice('a', 'b')],
];

export const malformedSafetensors: readonly Malformed[] = [
  ...weightsOf('weights with', framing, { 'config.json': config }),
  ...weightsOf('weights with a tensor that has', entries, { 'config.json': config }),
];
