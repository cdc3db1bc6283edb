// The choice among kernels in Chromium: forced, reported, and never seen in an answer.
import { describe, expect, it } from '@jest/globals';
import type { Kernels, LoadOptions, ModelInfo } from 'vit-wasm';

import { entry, inChromium, type Package } from './chromium.js';
import { bitsOf, opaquePicture, pack, type PackedPicture } from './picture.js';

const chromium = inChromium();
const picture = pack(opaquePicture());

interface Question {
  entry: string;
  options: Pick<LoadOptions, 'dtype' | 'kernels' | 'variant'>;
  picture: PackedPicture;
}

/** Runs in the page. */
async function askInPage({
  entry,
  options,
  picture,
}: Question): Promise<{ info: ModelInfo; logits: number[] }> {
  const { load } = (await import(entry)) as Package;
  const model = await load('/models/three-blocks/', options);
  const data = Uint8ClampedArray.from(atob(picture.data), (byte) => byte.charCodeAt(0));
  const logits = await model.logits({ ...picture, data });
  const { info } = model;
  model.dispose();
  return { info, logits: [...logits] };
}

async function ask(options: Question['options']) {
  const page = await chromium.usual();
  return page.evaluate(askInPage, { entry, options, picture });
}

const builds: { variant: 'relaxed' | 'simd'; fp32: Kernels[]; int8: Kernels[] }[] = [
  { variant: 'relaxed', fp32: ['6x8', '4x16', '6x16'], int8: ['6x8', '3x8'] },
  { variant: 'simd', fp32: ['5x8', '4x16', '5x16'], int8: ['3x12'] },
];

describe.each(builds)('$variant', ({ variant, ...existing }) => {
  it.each(['fp32', 'int8'] as const)('%s: gives the same to the bit by all kernels', async (dtype) => {
    const names = existing[dtype];
    const chosen = await ask({ variant, dtype });
    expect(names).toContain(chosen.info.kernels);
    expect(chosen.info.kernelsReason).not.toBe('');
    for (const kernels of names) {
      const { info, logits } = await ask({ variant, dtype, kernels });
      expect([info.kernels, info.kernelsReason]).toEqual([kernels, 'they were requested']);
      expect(bitsOf(logits)).toEqual(bitsOf(chosen.logits));
    }
  });

  it('says which there are when asked for others', async () => {
    const kernels = variant === 'relaxed' ? '5x8' : '6x8';
    await expect(ask({ variant, kernels })).rejects.toThrow(
      `The "${variant}" build has no kernels "${kernels}" for fp32; it has "${existing.fp32.join('", "')}".`,
    );
  });
});
