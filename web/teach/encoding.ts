// Numbers as text.
import { fromBase64 } from '../platform/base64.js';

/** The bytes of an array in base64; little-endian, as every platform with WebAssembly is. */
export function toBase64({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  let characters = '';
  // So many arguments every engine takes.
  for (let at = 0; at < bytes.length; at += 8192) {
    characters += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(characters);
}

export function floatsFrom(text: string): Float32Array {
  return new Float32Array(fromBase64(text).buffer);
}

export function doublesFrom(text: string): Float64Array {
  return new Float64Array(fromBase64(text).buffer);
}
