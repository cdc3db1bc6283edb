// The vocabulary that TypeScript and C++ share: every field that crosses the boundary is in the header, in bindings.cpp and
// in bindings.ts, of the same kind; every enum has the same names and numbers on both sides. Embind takes no notice of a
// field that it does not know, and what it is not told keeps its default.
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';

import { scaleSuffix } from '../../web/checkpoint/families/family.js';
import * as bindings from '../../web/engine/bindings.js';

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
const camelCase = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Each enum of C++, its header, and the table that has its numbers. */
const enums = {
  Pooling: ['config.h', 'poolings'],
  RotaryCoordinates: ['config.h', 'rotaryCoordinates'],
  RelativePositions: ['config.h', 'relativePositions'],
  BlockOrder: ['config.h', 'blockOrders'],
  ResizeMode: ['preprocess.h', 'resizes'],
  CropRounding: ['preprocess.h', 'cropRoundings'],
  ResizeRounding: ['preprocess.h', 'resizeRoundings'],
  Filter: ['kernels/resize.h', 'filters'],
  Activation: ['kernels/kernels.h', 'activations'],
  RotationPairs: ['kernels/kernels.h', 'rotationPairs'],
  Resampling: ['kernels/kernels.h', 'resamplings'],
} as const;

/** The names and values of an enum of a header. */
async function enumOf(header: string, name: string): Promise<Record<string, number>> {
  const text = await read(`cpp/${header}`);
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

/** What a type of C++ is in TypeScript. */
const kinds: Record<string, string> = {
  bool: 'boolean',
  int: 'number',
  float: 'number',
  double: 'number',
  'std::array<double, 3>': '[number, number, number]',
  'std::array<SwinStage, kMostStages>': 'readonly number[]',
  Rotary: 'NativeRotary',
  Windows: 'NativeWindows',
  ...Object.fromEntries(Object.entries(enums).map(([name, [, table]]) => [name, table])),
};

/** The fields of a struct of a header, by the names that they have in JavaScript. */
function fieldsOf(header: string, name: string): Record<string, string> {
  const body = new RegExp(`^struct ${name} \\{\n(.*?)^\\};`, 'ms').exec(header)?.[1] ?? '';
  const fields: Record<string, string> = {};
  for (const declaration of body.replace(/\/\/.*/g, '').split(';')) {
    const [, type, field] = /^([\w:]+(?:<.*>)?) (\w+)(?: =.*|\{\})?$/s.exec(declaration.trim()) ?? [];
    if (field === undefined && declaration.trim() !== '') throw new Error(`"${declaration}" was not read`);
    if (field !== undefined) fields[camelCase(field)] = kinds[type] ?? type;
  }
  return fields;
}

/** The fields that Embind passes on: each by its own name. */
function boundFields(text: string, name: string): string[] {
  const body = new RegExp(`value_object<${name}>\\("${name}"\\)(.*?);`, 's').exec(text)?.[1] ?? '';
  return body
    .split('.field(')
    .slice(1)
    .map((field) => {
      const [, named, member] = /^\s*"(\w+)",\s*&(?:AsNumber<&)?(?:\w+::)?(\w+)/.exec(field) ?? [];
      if (member !== 'stages_as_numbers') expect(camelCase(member)).toBe(named);
      return named;
    });
}

/** The fields of an interface; an enum's is the table of its numbers. */
function typedFields(text: string, name: string): Record<string, string> {
  const body = new RegExp(`^export interface ${name} \\{\n(.*?)^\\}`, 'ms').exec(text)?.[1] ?? '';
  const tableOf = (type: string) => /\(typeof (\w+)\)\[/.exec(type)?.[1];
  const alias = (type: string) => new RegExp(`^export type ${type} = (.*);`, 'm').exec(text)?.[1];
  return Object.fromEntries(
    [...body.matchAll(/^ {2}(?:readonly )?(\w+): (.*);$/gm)].map(([, field, type]) => [
      field,
      tableOf(type) ?? tableOf(/^\w+$/.test(type) ? (alias(type) ?? '') : '') ?? type,
    ]),
  );
}

describe('the vocabulary that TypeScript and C++ share', () => {
  it.each([
    ['Config', 'config.h', 'NativeConfig', 'engine/bindings.ts'],
    ['Rotary', 'config.h', 'NativeRotary', 'engine/bindings.ts'],
    ['Windows', 'config.h', 'NativeWindows', 'engine/bindings.ts'],
    ['Preprocess', 'preprocess.h', 'NativePreprocess', 'engine/bindings.ts'],
    ['Box', 'preprocess.h', 'Box', 'types/looking.ts'],
  ])('has the fields of %s', async (name, header, type, file) => {
    const fields = fieldsOf(await read(`cpp/${header}`), name);
    // The number of stages is the length of their array.
    if (name === 'Windows') delete fields.count;
    expect(Object.keys(fields).length).toBeGreaterThan(2);
    expect(boundFields(await read('cpp/bindings.cpp'), name).sort()).toEqual(Object.keys(fields).sort());
    expect(typedFields(await read(`web/${file}`), type)).toEqual(fields);
  });

  it('has as many numbers of a stage as it has fields', async () => {
    const fields = fieldsOf(await read('cpp/config.h'), 'SwinStage');
    expect(Object.values(fields)).toEqual(Array(bindings.stageNumbers).fill('number'));
  });

  it.each(Object.entries(enums))('has the numbers of %s', async (name, [header, table]) => {
    expect(bindings[table]).toEqual(await enumOf(header, name));
  });

  it('has the suffix of int8 scales', async () => {
    expect(await read('cpp/weight_slots.h')).toContain(`kScaleSuffix[] = "${scaleSuffix}";`);
  });

  it('has every enum that crosses the boundary', async () => {
    const crossing = [...(await read('cpp/bindings.cpp')).matchAll(/static_cast<([A-Z]\w+)>/g)];
    expect(crossing.map(([, name]) => name).filter((name) => name !== 'Enum')).toEqual(['Pooling']);
  });
});
