import { expect, it } from '@jest/globals';
import * as zlib from 'node:zlib';

import { crc32 } from '../../web/checkpoint/files/crc32.js';

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * i * 31) >> 3);

it.each([0, 1, 3, 4, 5, 8, 255, 1000])('of %d bytes is that of zlib', (length) => {
  expect(crc32(bytes.subarray(0, length))).toBe(zlib.crc32(bytes.subarray(0, length)));
});

it.each([1, 2, 7, 64])('is the same in pieces of %d bytes', (size) => {
  let crc = 0;
  for (let at = 0; at < bytes.length; at += size) crc = crc32(bytes.subarray(at, at + size), crc);
  expect(crc).toBe(zlib.crc32(bytes));
});
