// DeiT-Tiny's real weights on pictures of other sizes than it was trained for, against transformers, which resamples
// the position embeddings.
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { load } from 'vit-wasm';

import { variants } from '../engine.js';
import { expectClose } from '../expect-close.js';
import { deitTiny, readTensors, shared, sharedIsThere, tensorOf } from '../golden/fixtures.js';
import { makeImage } from '../golden/noise.js';

if (sharedIsThere) describe('DeiT-Tiny at other sizes', testSizes);
else
  it(`NOT TESTED: DeiT-Tiny at other sizes, because ${fileURLToPath(shared)} is absent`, () =>
    expect(sharedIsThere).toBe(false));

function testSizes(): void {
  it.each(
    variants.flatMap((variant) => [
      { variant, width: 384, height: 384 },
      { variant, width: 288, height: 160 },
    ]),
  )('$width × $height gives the logits of transformers ($variant)', async ({ variant, width, height }) => {
    const json = async (name: string) =>
      JSON.parse(await readFile(new URL(name, deitTiny), 'utf8')) as Record<string, unknown>;
    const model = await load(
      {
        weights: new Uint8Array(await readFile(new URL('model.safetensors', deitTiny))),
        config: await json('config.json'),
        preprocessor: {
          ...(await json('preprocessor_config.json')),
          do_resize: false,
          do_center_crop: false,
        },
      },
      { variant, imageSize: { width, height } },
    );
    const logits = await model.logits(makeImage({ kind: 'gradient', seed: 7, width, height }));
    const expected = tensorOf(await readTensors('deit-tiny.safetensors'), `${width}x${height}`);
    expectClose(logits, expected, 1e-4, `logits at ${width} × ${height}`);
    model.dispose();
  });
}
