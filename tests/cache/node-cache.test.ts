// The folder in which Node keeps downloads: what is damaged, foreign or left behind in it.
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearCache, listCache } from 'vit-wasm';

import { folderStore } from '../../web/cache/node-cache.js';
import { failureOf } from '../web/tiny-checkpoint.js';

const url = 'https://models.example/m/model.safetensors';
const content = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'vit-wasm-cache-')), 'cache');
});

async function keep(): Promise<void> {
  const writer = await folderStore(folder).write(url);
  await writer.write(content.subarray(0, 600));
  await writer.write(content.subarray(600));
  await writer.finish();
}

async function readAll(): Promise<number[] | undefined> {
  const stream = await folderStore(folder).read(url);
  if (!stream) return undefined;
  const bytes: number[] = [];
  for (let piece; (piece = await stream.next());) bytes.push(...piece);
  return bytes;
}

/** The one file with contents. */
async function contentPath(): Promise<string> {
  const [name] = (await readdir(folder)).filter((file) => /^[\da-f]{64}$/.test(file));
  return join(folder, name);
}

describe('the cache folder', () => {
  it('gives back what was kept, to its owner alone', async () => {
    await keep();
    expect(await readAll()).toEqual([...content]);
    expect(await listCache(folder)).toEqual([{ url, bytes: 1000 }]);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(folder)) {
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    }
  });

  it('notices contents of the right size that were changed', async () => {
    await keep();
    const changed = Uint8Array.from(content);
    changed[500] ^= 1;
    await writeFile(await contentPath(), changed);
    expect(await failureOf(readAll())).toMatchObject({
      code: 'integrity',
      message: `The cached copy of ${url} is damaged; load the model again.`,
    });
  });

  it.each(['', '{"url":', 'null', '7', '{"url":"https://elsewhere.example/x","bytes":1000,"sha256":"00"}'])(
    'passes over the description %j',
    async (text) => {
      await keep();
      await writeFile(`${await contentPath()}.json`, text);
      expect(await listCache(folder)).toEqual([]);
      expect(await readAll().catch(() => undefined)).toBeUndefined();
      await keep();
      expect(await readAll()).toEqual([...content]);
    },
  );

  it("clears what it wrote, and leaves other programs' files", async () => {
    await keep();
    const foreign = ['download.part', `${'0'.repeat(64)}`, `${'1'.repeat(64)}.json`, 'notes.json'];
    for (const name of foreign) await writeFile(join(folder, name), '{}');
    await writeFile(join(folder, '00000000-1111-2222-3333-444444444444.part'), '');
    await clearCache(folder);
    expect((await readdir(folder)).sort()).toEqual(foreign.sort());
    expect(await readFile(join(folder, 'download.part'), 'utf8')).toBe('{}');
  });

  it('removes what a process that ended left behind, and nothing that may still be written', async () => {
    await keep();
    const [old, young] = [
      '00000000-1111-2222-3333-444444444444.part',
      '00000000-1111-2222-3333-555555555555.part',
    ];
    for (const name of [old, young]) await writeFile(join(folder, name), '');
    const dayBefore = new Date(Date.now() - 25 * 60 * 60 * 1000);
    await utimes(join(folder, old), dayBefore, dayBefore);
    await keep();
    const names = await readdir(folder);
    expect(names).toContain(young);
    expect(names).not.toContain(old);
  });

  it.each([7, '', null, {}])('refuses the folder %j', async (wrong) => {
    for (const call of [listCache, clearCache]) {
      expect(await failureOf(call(wrong as never))).toMatchObject({
        code: 'invalid-argument',
        message: expect.stringMatching(/^The cache's folder is .*, but it should be a path/),
      });
    }
  });
});
