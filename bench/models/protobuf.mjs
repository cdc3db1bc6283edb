// Protocol Buffers' wire format, as much of it as an ONNX file needs. A message is a list of byte pieces, so weights
// are never copied.
import { closeSync, openSync, writeSync } from 'node:fs';

const varintType = 0;
const bytesType = 2;
const floatType = 5;

/** A field with whole number(s). */
export function integer(field, value) {
  return [Buffer.from([...varint(field * 8 + varintType), ...varint(value)])];
}

/** A field with a 32-bit float. */
export function float(field, value) {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return [Buffer.from([...varint(field * 8 + floatType), ...bytes])];
}

/** A field with a string. */
export const text = (field, value) => message(field, [Buffer.from(value)]);

/** A field with another message, or with raw bytes, given by its pieces. */
export function message(field, pieces) {
  const length = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  return [Buffer.from([...varint(field * 8 + bytesType), ...varint(length)]), ...pieces];
}

/** Writes pieces one after another. */
export function writePieces(path, pieces) {
  const file = openSync(path, 'w');
  for (const piece of pieces) writeSync(file, piece);
  closeSync(file);
}

function varint(value) {
  const bytes = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    const low = Number(rest & 127n);
    if (rest < 128n) return [...bytes, low];
    bytes.push(low | 128);
  }
}
