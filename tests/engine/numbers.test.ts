// The engine's numbers: every table of bindings.ts has the names and the values of the enum in C++.
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';

import * as bindings from '../../web/engine/bindings.js';

const tables = {
  'config.h Pooling': bindings.poolings,
  'config.h RotaryCoordinates': bindings.rotaryCoordinates,
  'config.h RelativePositions': bindings.relativePositions,
  'config.h BlockOrder': bindings.blockOrders,
  'preprocess.h ResizeMode': bindings.resizes,
  'preprocess.h CropRounding': bindings.cropRoundings,
  'preprocess.h ResizeRounding': bindings.resizeRoundings,
  'resize.h Filter': bindings.filters,
  'kernels/kernels.h Activation': bindings.activations,
  'kernels/kernels.h RotationPairs': bindings.rotationPairs,
  'kernels/kernels.h Resampling': bindings.resamplings,
};

const camelCase = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The names and values of an enum of a header. */
async function enumOf(header: string, name: string): Promise<Record<string, number>> {
  const text = await readFile(new URL(`../../cpp/${header}`, import.meta.url), 'utf8');
  const body = new RegExp(`enum class ${name} \\{([^}]*)\\}`).exec(text)?.[1];
  if (body === undefined) throw new Error(`${header} has no enum ${name}`);
  const values: Record<string, number> = {};
  let next = 0;
  for (const entry of body.replace(/\/\/.*/g, '').split(',')) {
    const [, label, value] = /(\w+)(?:\s*=\s*(\d+))?/.exec(entry) ?? [];
    if (label === undefined) continue;
    next = value === undefined ? next : Number(value);
    values[camelCase(label)] = next++;
  }
  return values;
}

describe('the numbers that TypeScript and C++ share', () => {
  it.each(Object.entries(tables))('%s', async (where, table) => {
    const [header, name] = where.split(' ');
    expect(table).toEqual(await enumOf(header, name));
  });

  it('are all that cross the boundary', async () => {
    const text = await readFile(new URL('../../cpp/bindings.cpp', import.meta.url), 'utf8');
    const crossing = new Set([...text.matchAll(/static_cast<([A-Z]\w+)>/g)].map(([, name]) => name));
    expect(Object.keys(tables).map((where) => where.split(' ')[1])).toEqual(
      expect.arrayContaining([...crossing]),
    );
    expect(crossing.size).toBeGreaterThan(5);
  });
});
