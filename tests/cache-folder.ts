// Each test file has a folder of its own for downloads: nothing of the developer's, nothing of another test.
import { afterAll } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'vit-wasm-cache-'));
process.env['XDG_CACHE_HOME'] = folder;
afterAll(() => {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  } catch {
    // A browser that takes long to end still writes to it; the system clears its folder of temporary files.
  }
});
