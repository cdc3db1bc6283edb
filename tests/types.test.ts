// The package's declarations as TypeScript users meet them: inference, the words of its errors, and every example of the
// reference, under the strictest usual settings.
import { beforeAll, describe, expect, it } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { complaintsOf } from './complaints.js';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

const surroundings = `
import type { Model, Source } from 'vit-wasm';
declare global {
  const model: Model;
  const canvas: HTMLCanvasElement, other: HTMLCanvasElement, video: HTMLVideoElement;
  const frame: HTMLVideoElement, firstFrame: HTMLVideoElement, photo: HTMLImageElement;
  const files: File[];
  const context: CanvasRenderingContext2D;
  const collection: Float32Array[];
  const row: number, column: number, columns: number;
  const bar: HTMLProgressElement;
  function offerDownload(): void;
}
`;

/** The names that an entry exports, by the entry. */
const namesOf: Readonly<Record<string, readonly string[]>> = {
  'vit-wasm': ['load', 'isVitError', 'isSupported', 'VitError', 'listCache', 'clearCache'],
  'vit-wasm/features': [
    'energy',
    'foreground',
    'masks',
    'nearest',
    'patchSimilarity',
    'principalComponents',
    'similarity',
  ],
};

/** With what the example leaves out: the import of what it uses. */
function withImports(code: string): string {
  if (code.includes('import ')) return code;
  const imports = Object.entries(namesOf).map(([entry, names]) => {
    const used = names.filter((name) => new RegExp(`\\b${name}\\b`).test(code));
    const missing = used.filter((name) => !new RegExp(`const ${name} =`).test(code));
    return missing.length > 0 ? `import { ${missing.join(', ')} } from '${entry}';\n` : '';
  });
  return `${imports.join('')}${code}export {};\n`;
}

async function examples(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const path of await readdir(dist, { recursive: true })) {
    if (!path.endsWith('.d.ts')) continue;
    const text = await readFile(join(dist, path), 'utf8');
    for (const [index, [, code = '']] of [...text.matchAll(/```tsx?\n([^]*?)```/g)].entries()) {
      const lines = code.replace(/^ *\* ?/gm, '').replaceAll('*\u200b/', '*/');
      found[`example-${path.replace(/\W/g, '-')}-${index}.tsx`] = withImports(lines);
    }
  }
  return found;
}

describe('the examples of the reference', () => {
  it('compile', async () => {
    const sources = await examples();
    expect(Object.keys(sources).length).toBeGreaterThan(8);
    expect(complaintsOf({ ...sources, 'surroundings.ts': surroundings })).toEqual({});
  });
});

/** Whether two types are the same, for checks in the sources below. */
const same = `
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <T extends true>(): T | void => undefined;
`;

describe('the types', () => {
  let complaints: Record<string, string>;
  beforeAll(() => {
    complaints = complaintsOf({
      'right.ts': `${same}
        import { isVitError, load, type Model, type Prediction, type Source } from 'vit-wasm';
        declare const one: Source;
        declare const some: readonly Source[];
        declare const either: Source | Source[];
        const model = await load();
        const single = model.classify(one);
        const several = model.classify(some, { topK: 3 });
        const unsure = model.classify(either);
        const settled = model.classify(some, { settle: true });
        same<Same<typeof single, Promise<Prediction<string>[]>>>();
        same<Same<typeof several, Promise<Prediction<string>[][]>>>();
        same<Same<typeof unsure, Promise<Prediction<string>[] | Prediction<string>[][]>>>();
        same<Same<typeof settled, Promise<PromiseSettledResult<Prediction<string>[]>[]>>>();
        const logits = await model.logits({ data: new Uint8ClampedArray(4), width: 1, height: 1 });
        const tokens = await model.tokens(one);
        same<Same<typeof logits, Float32Array<ArrayBuffer>>>();
        same<Same<typeof tokens.data, Float32Array<ArrayBuffer>>>();
        new Blob([logits, await model.embed(one), await model.preprocess(one)]);

        const pets: Model<'cat' | 'dog'> = await load<'cat' | 'dog'>('./pets/');
        const [best] = await pets.classify(one);
        if (best) same<Same<typeof best.label, 'cat' | 'dog'>>();
        same<Same<typeof pets.info.labels, readonly ('cat' | 'dog')[]>>();
        for await (const { predictions } of pets.watch(document.createElement('video'))) {
          same<Same<typeof predictions, Prediction<'cat' | 'dog'>[]>>();
        }
        for await (const { value, fps, latency } of model.watch(new MediaStream(), { verb: 'embed', normalize: true })) {
          same<Same<typeof value, Float32Array<ArrayBuffer>>>();
          same<Same<typeof fps | typeof latency, number>>();
        }
        for await (const { value } of model.watch(new MediaStream(), { verb: () => 'words' })) {
          same<Same<typeof value, string>>();
        }
        for await (const outcome of pets.each(some)) {
          if (outcome.status === 'fulfilled') same<Same<typeof outcome.value, Prediction<'cat' | 'dog'>[]>>();
        }
        try {
          await load();
        } catch (error) {
          if (isVitError(error) && error.code === 'not-found') console.log(error.message);
        }
        await load('builtin', { onProgress: ({ overall }) => console.log(overall.loaded / overall.total) });
      `,
      'number.ts': `import { load } from 'vit-wasm';\n(await load()).classify(42);`,
      'nullable.ts': `import { load } from 'vit-wasm';\n(await load()).embed(document.querySelector('canvas'));`,
      'option.ts': `import { load } from 'vit-wasm';\n(await load()).classify('./cat.jpg', { topk: 3 });`,
      'settle.ts': `import { load } from 'vit-wasm';\n(await load()).classify('./cat.jpg', { settle: true });`,
      'label.ts': `import { load } from 'vit-wasm';
        const [best] = await (await load<'cat' | 'dog'>()).classify('./cat.jpg');
        if (best?.label === 'cow') console.log(best);`,
    });
  });

  it('are those that were meant', () => expect(complaints['right.ts']).toBeUndefined());

  it.each([
    ['number.ts', "Argument of type 'number' is not assignable to parameter of type 'Source'."],
    ['nullable.ts', "'HTMLCanvasElement | null' is not assignable to parameter of type 'Source'."],
    ['option.ts', "'topk' does not exist in type 'ClassifyOptions'. Did you mean to write 'topK'?"],
    ['settle.ts', "'settle' does not exist in type 'ClassifyOptions'."],
    ['label.ts', `and '"cow"' have no overlap`],
  ])('say what is wrong in %s', (name, says) => {
    expect(complaints[name]).toContain(says);
    // An error about a list would mislead those with one picture.
    expect(complaints[name]?.split('\n').filter(Boolean).at(-1)).not.toContain('readonly Source[]');
  });
});
