// The fixtures are part of every clone, so they stay small: models as tiny as what they show allows, in half precision
// unless it is single precision that they show.
import { expect, it } from '@jest/globals';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Bytes of everything in this folder. */
const most = 5_000_000;

it(`the golden files are at most ${most / 1e6} MB`, async () => {
  const entries = await readdir(fileURLToPath(new URL('./', import.meta.url)), {
    recursive: true,
    withFileTypes: true,
  });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const bytes = sizes.reduce((a, b) => a + b, 0);
  expect(files.length).toBeGreaterThan(300);
  expect(bytes).toBeLessThanOrEqual(most);
});
