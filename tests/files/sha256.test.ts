import { expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import { Sha256 } from '../../web/checkpoint/files/sha256.js';

it('is the SHA-256 of Node, whatever the length and however it is cut', () => {
  const bytes = Uint8Array.from({ length: 400 }, (_, i) => (i * 167 + (i >> 3)) % 256);
  for (let length = 0; length <= bytes.length; length++) {
    const whole = bytes.subarray(0, length);
    const hash = new Sha256();
    for (let at = 0, size = 1; at < length; at += size, size = ((size * 7) % 71) + 1) {
      hash.update(whole.subarray(at, at + size));
    }
    hash.update(new Uint8Array());
    expect(Buffer.from(hash.digest()).toString('hex')).toBe(createHash('sha256').update(whole).digest('hex'));
  }
});
