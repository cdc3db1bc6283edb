// Each test file has a folder of its own for downloads: nothing of the developer's, nothing of another test.
import { afterAll } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'vit-wasm-cache-'));
process.env['XDG_CACHE_HOME'] = folder;
// Browsers may still write to it while they end.
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
