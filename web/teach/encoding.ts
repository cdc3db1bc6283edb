// Numbers from base64 text.
import { fromBase64 } from '../platform/base64.js';

export function floatsFrom(text: string): Float32Array {
  return new Float32Array(fromBase64(text).buffer);
}

export function doublesFrom(text: string): Float64Array {
  return new Float64Array(fromBase64(text).buffer);
}
