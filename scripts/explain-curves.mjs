// `node scripts/explain-curves.mjs MODEL PICTURE… [--dtype int8]`: how well maps of patches name the patches that matter, by
// deletion and insertion curves (curves.mjs).
import { load } from 'vit-wasm';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { curvesOf } from './curves.mjs';
import { readPicture } from './pictures.mjs';
import { Failure, main } from './shell.mjs';

async function curves() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { dtype: { type: 'string' } },
  });
  const [name, ...paths] = positionals;
  if (paths.length === 0) throw new Failure('Name a model and at least one picture.');
  build();
  const model = await load(name, { dtype: values.dtype });
  const means = await curvesOf(model, await Promise.all(paths.map(readPicture)));
  console.table(
    Object.fromEntries(
      Object.entries(means).map(([method, { deletion, insertion }]) => [
        method,
        { deletion: deletion.toFixed(3), insertion: insertion.toFixed(3) },
      ]),
    ),
  );
}

await main(import.meta, curves);
