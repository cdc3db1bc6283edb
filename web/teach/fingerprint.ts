// Identifies the model that made an embedding, by its embedding of one fixed picture. It depends on every weight of the
// backbone and on the preprocessing, but not on the head.
import type { FewShotOptions, RawImage } from '../types.js';
import type { Backbone } from './backbone.js';

const height = 64;
/** By the version of the format. A square picture does not show whether pictures are squashed or cropped. */
const widths = { 1: 64, 2: 128 };

/** A blue disc on a background that becomes redder to the right and greener towards the bottom. */
function testPicture(width: number): RawImage {
  const data = new Uint8Array(width * height * 4);
  for (let at = 0; at < width * height; at++) {
    const [x, y] = [at % width, Math.floor(at / width)];
    const isInDisc = (x - 28) ** 2 + (y - 36) ** 2 < 400;
    data.set([(256 / width) * x, 4 * y, isInDisc ? 240 : 20, 255], 4 * at);
  }
  return { data, width, height };
}

const fingerprints = new WeakMap<Backbone, Map<string, Promise<Float32Array>>>();

/** The fingerprint of a model; costs one forward pass, once. */
export async function fingerprintOf(
  model: Backbone,
  pool: FewShotOptions['pool'],
  version: keyof typeof widths = 2,
): Promise<Float32Array> {
  const known = fingerprints.get(model) ?? new Map<string, Promise<Float32Array>>();
  fingerprints.set(model, known);
  const key = `${version} ${pool}`;
  const found = known.get(key) ?? model.embed(testPicture(widths[version]), { pool });
  known.set(key, found);
  try {
    return await found;
  } catch (error) {
    known.delete(key);
    throw error;
  }
}

/**
 * How far apart two fingerprints may be, relative to their length. Builds of the engine differ by 1e-6; on DeiT-Tiny
 * int8 differs by 0.044 from fp32, and another filter or crop in preprocessing by 0.14.
 */
const tolerances = { same: 1e-3, other: 0.08 };

/** Whether two fingerprints are of the same backbone and preprocessing, in the same precision or in another one. */
export function areAlike(a: Float32Array, b: Float32Array, precision: keyof typeof tolerances): boolean {
  if (a.length !== b.length) return false;
  let [apart, length] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    apart += (a[i] - b[i]) ** 2;
    length += a[i] ** 2;
  }
  return apart <= tolerances[precision] ** 2 * length;
}
