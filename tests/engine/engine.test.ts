// What becomes of an engine whose WebAssembly traps.
import { expect, it } from '@jest/globals';

import { preprocessOf } from '../../web/checkpoint/config/preprocessor.js';
import { VitError } from '../../web/errors.js';
import { createEngine } from '../engine.js';
import { networkFor } from '../preprocess/sizes.js';

/** A module whose one function, exported as "f", is `unreachable`. */
const trapping = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 4, 1, 0x60, 0, 0], // a type: () → ()
  ...[3, 2, 1, 0], // a function of that type
  ...[7, 5, 1, 1, 0x66, 0, 0], // exported as "f"
  ...[10, 5, 1, 3, 0, 0x00, 0x0b], // unreachable, end
]);

it('a trap ends the engine, and it says so ever after', async () => {
  const engine = await createEngine('simd');
  const instance = new WebAssembly.Instance(new WebAssembly.Module(trapping));
  const trap = instance.exports['f'] as () => void;
  const stopped = expect.objectContaining({
    code: 'engine',
    message: expect.stringMatching(
      /^The engine stopped unexpectedly \(unreachable\); load the model again\.$/,
    ),
  });
  expect(() => engine.guard(trap)).toThrow(stopped);
  expect(() => engine.logits()).toThrow(stopped);
  engine.dispose();
  expect(() => engine.logits()).toThrow(stopped);
});

it('other errors pass and leave the engine as it is', async () => {
  const engine = await createEngine('simd');
  const refusal = new VitError('invalid-source', 'No picture.');
  const refuse = () => {
    throw refusal;
  };
  expect(() => engine.guard(refuse)).toThrow(refusal);
  expect(engine.variant).toBe('simd');
  engine.dispose();
  engine.dispose();
  expect(() => engine.variant).toThrow(expect.objectContaining({ code: 'disposed' }));
});

it('embeddings of more patches than memory has addresses for are refused', async () => {
  const engine = await createEngine('simd');
  // 256 blocks × 257 tokens × 65,536 values are 2^32 and a little: what 32 bits keep of it would be far too small.
  const network = { ...networkFor(224, 224), patchHeight: 14, patchWidth: 14, layers: 256, classes: 0 };
  engine.begin({ ...network, jointWidth: 65_536 }, preprocessOf({}, 'none', undefined));
  engine.allocate();
  expect(() => engine.embeddingLens(true)).toThrow(
    expect.objectContaining({
      code: 'engine',
      message: 'The model cannot be inspected: it would have embeddings of more than 2 GB.',
    }),
  );
  engine.dispose();
});
