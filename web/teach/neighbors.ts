import type { Neighbor } from '../features/vectors.js';
import type { Examples } from './examples.js';

/** Rows of length 1. */
export interface UnitRows {
  readonly data: Float32Array;
  readonly width: number;
}

export function unitRows({ data, width }: Pick<Examples, 'data' | 'width'>): UnitRows {
  const unit = data.slice();
  for (let at = 0; at < unit.length; at += width) {
    let squares = 0;
    for (let i = at; i < at + width; i++) squares += unit[i] * unit[i];
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = at; i < at + width; i++) unit[i] *= scale;
  }
  return { data: unit, width };
}

/** The rows that are most similar to an embedding, the most similar first, by cosine; without one of them. */
export function neighborsOf(
  { data, width }: UnitRows,
  embedding: Float32Array,
  count: number,
  leftOut?: number,
): Neighbor[] {
  const query = unitRows({ data: embedding, width }).data;
  const found: Neighbor[] = [];
  for (let index = 0, at = 0; at < data.length; index++, at += width) {
    if (index === leftOut) continue;
    let similarity = 0;
    for (let i = 0; i < width; i++) similarity += data[at + i] * query[i];
    if (found.length === count && similarity <= found[count - 1].similarity) continue;
    let place = found.length;
    while (place > 0 && found[place - 1].similarity < similarity) place--;
    found.splice(place, 0, { index, similarity });
    if (found.length > count) found.pop();
  }
  return found;
}
