// The command convert: what it writes, and where.
import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'vit-wasm';

import { fixtures } from '../golden/fixtures.js';
import { folderOf, goldenModels } from '../golden/models.js';
import { picture } from '../web/tiny-checkpoint.js';
import { weights, run, model, server, at, inFolder } from './program.js';

inFolder();

describe('convert', () => {
  it('keeps a downloaded zip in the cache', async () => {
    const requestsOf = async (output: string) => {
      const before = server.requests.length;
      const address = `${server.url}model.zip`;
      const { status } = await run('convert', address, '-o', at(output), '--cache', at('zips'));
      expect(status).toBe(0);
      return server.requests.slice(before).map(({ path }) => path);
    };
    expect(await requestsOf('unzipped')).toEqual(['/model.zip']);
    expect(await requestsOf('unzipped-again')).toEqual([]);
  });

  it.each(goldenModels.map((golden) => [golden.name, folderOf(golden)]))('%s to fp16', async (name, from) => {
    const source = fileURLToPath(from);
    const output = at(`fp16-${name}`);
    expect(await run('convert', source, '-o', output)).toEqual({
      status: 0,
      out: `Wrote ${output}.\n`,
      errors: '',
    });
    const image = { data: new Uint8Array(40 * 40 * 4).map((_, i) => (i * 37) % 256), width: 40, height: 40 };
    const tokensOf = async (path: string) => {
      const loaded = await load(path);
      const { data } = await loaded.tokens(image);
      loaded.dispose();
      return data;
    };
    const [before, after] = [await tokensOf(source), await tokensOf(output)];
    const largest = Math.max(...before.map(Math.abs));
    before.forEach((value, index) => expect(Math.abs(after[index] - value)).toBeLessThan(0.01 * largest));
    const size = async (path: string) => (await stat(join(path, 'model.safetensors'))).size;
    expect(await size(output)).toBeLessThanOrEqual((await size(source)) + 8);
    for (const file of (await readdir(source)).filter((entry) => entry.endsWith('config.json'))) {
      expect(await readFile(join(output, file))).toEqual(await readFile(join(source, file)));
    }
  });

  it('to int8: nearly what quantizing while loading gives', async () => {
    const { name } = goldenModels.find((golden) => golden.name === 'three-blocks') ?? goldenModels[0];
    const source = fileURLToPath(folderOf({ name } as (typeof goldenModels)[0]));
    const output = at('int8');
    const [fp32, again] = ['as-fp32', 'int8-of-fp32'].map(at);
    expect((await run('convert', source, '--dtype', 'fp32', '-o', fp32)).status).toBe(0);
    expect((await run('convert', fp32, '--dtype', 'int8', '-o', again)).status).toBe(0);
    expect((await run('convert', source, '--dtype', 'int8', '-o', output)).status).toBe(0);
    const logitsOf = async (path: string, dtype?: 'int8') => {
      const loaded = await load(path, { dtype });
      expect(loaded.info.dtype).toBe('int8');
      const logits = await loaded.logits(picture);
      loaded.dispose();
      return logits;
    };
    // What is not quantized is in half precision, which is all the difference.
    const wanted = await logitsOf(source, 'int8');
    const found = await logitsOf(output);
    const largest = Math.max(...wanted.map(Math.abs));
    wanted.forEach((value, index) => expect(Math.abs(found[index] - value)).toBeLessThan(0.05 * largest));
    expect(await logitsOf(again)).toEqual(found);
    expect((await run('inspect', output)).out).toContain('I8');

    // What earlier versions wrote was not rotated before it was quantized.
    const file = await readFile(join(output, 'model.safetensors'), 'latin1');
    const before = file.replaceAll('weight_spread_scale"', 'weight_scale"       ');
    await writeFile(join(output, 'model.safetensors'), before, 'latin1');
    await expect(load(output)).rejects.toThrow('in the format of an earlier version; convert the original');
  });

  it('from a server to fp32: the same bits, and the download is kept', async () => {
    const [output, cache] = [at('fp32'), at('kept')];
    const args = ['convert', `${server.url}model/`, '--dtype', 'fp32', '--cache', cache];
    expect((await run(...args, '-o', output)).status).toBe(0);
    const { length } = server.requests;
    expect((await run(...args, '-o', at('again'))).status).toBe(0);
    expect(server.requests.slice(length).map(({ path }) => path)).toEqual([
      '/model/preprocessor_config.json',
    ]);
    const logits = await Promise.all(
      [model, output].map(async (path) => {
        const loaded = await load(path);
        const result = await loaded.logits(picture);
        loaded.dispose();
        return result;
      }),
    );
    expect(logits[1]).toEqual(logits[0]);
  });

  describe.each([
    'augreg',
    'imagenet-21k',
    'big-vision',
    'big-vision-token',
    'bfloat16',
    'big-vision-stacked',
  ])('%s.npz', (name) => {
    const source = fileURLToPath(new URL(`npz/${name}.npz`, fixtures));
    const logitsOf = async (path: string, dtype?: 'int8') => {
      const loaded = await load(path, { dtype });
      const result = await loaded.logits(picture);
      loaded.dispose();
      return result;
    };

    // int8 has the same codes; what is left is the half precision of the rest, and the roundings that it tips over.
    it.each([
      ['fp32', 0],
      ['fp16', 2e-3],
      ['int8', 0.05],
    ] as const)('to %s: the same logits within %d of the largest', async (dtype, tolerance) => {
      const output = at(`npz-${name}-${dtype}`);
      expect((await run('convert', source, '--dtype', dtype, '-o', output)).status).toBe(0);
      const wanted = await logitsOf(source, dtype === 'int8' ? dtype : undefined);
      const found = await logitsOf(output);
      const largest = Math.max(...wanted.map(Math.abs));
      const difference = Math.max(...found.map((value, i) => Math.abs(value - wanted[i])));
      expect(difference / largest).toBeLessThanOrEqual(tolerance);
    });
  });

  it.each(['timm/class-token', 'timm/torchvision', 'families/dinov2-swiglu', 'families/clip'])(
    '%s to int8: a folder that loads',
    async (name) => {
      const output = at(`int8-${name.replace('/', '-')}`);
      const source = fileURLToPath(new URL(name, fixtures));
      expect((await run('convert', source, '--dtype', 'int8', '-o', output)).status).toBe(0);
      const loaded = await load(output);
      expect(loaded.info.dtype).toBe('int8');
      loaded.dispose();
    },
  );

  it('leaves nothing of a model that cannot be loaded', async () => {
    expect((await run('convert', at('odd'), '-o', at('nothing'))).status).toBe(1);
    expect(await stat(at('nothing')).catch(() => undefined)).toBeUndefined();
  });
});

describe('where convert writes', () => {
  const source = () => model;
  const written = ['config.json', 'model.safetensors'];

  it('a folder with something in it is left alone, unless --force says otherwise', async () => {
    const output = at('taken');
    await mkdir(output);
    await writeFile(join(output, 'config.json'), 'mine');
    await writeFile(join(output, 'notes.txt'), 'mine, too');
    const refused = await run('convert', source(), '-o', output);
    expect(refused).toMatchObject({ status: 2, out: '' });
    expect(refused.errors).toContain('already contains files');
    expect(refused.errors).toContain('--force');
    expect(await readFile(join(output, 'config.json'), 'utf8')).toBe('mine');
    expect((await run('convert', source(), '-o', output, '--force')).status).toBe(0);
    expect(await readdir(output)).toEqual([...written, 'notes.txt']);
    expect(await readFile(join(output, 'notes.txt'), 'utf8')).toBe('mine, too');
    (await load(output)).dispose();
  });

  it('an empty folder is used', async () => {
    const output = at('empty');
    await mkdir(output);
    expect((await run('convert', source(), '-o', output)).status).toBe(0);
    expect(await readdir(output)).toEqual(written);
  });

  it('planted links are replaced, never followed', async () => {
    const output = at('planted');
    const victim = at('victim.txt');
    await mkdir(output);
    await writeFile(victim, 'precious');
    for (const name of written) {
      await symlink(victim, join(output, name));
      await symlink(victim, join(output, `${name}.part`));
    }
    expect((await run('convert', source(), '-o', output, '--force')).status).toBe(0);
    expect(await readFile(victim, 'utf8')).toBe('precious');
    expect(await readdir(output)).toEqual(written);
    for (const name of written) expect((await lstat(join(output, name))).isFile()).toBe(true);
  });

  it.each(['', '/'])('a link to a folder is refused%s', async (end) => {
    const link = at(`link${end.length}`);
    await mkdir(at(`target${end.length}`));
    await symlink(at(`target${end.length}`), link);
    const { status, errors } = await run('convert', source(), '-o', link + end);
    expect({ status, errors }).toMatchObject({ status: 2, errors: expect.stringContaining('is a link') });
    expect(await readdir(at(`target${end.length}`))).toEqual([]);
  });

  it('a pipe in the place of a file is no file, and is not waited for', async () => {
    const piped = at('piped');
    await mkdir(piped);
    execFileSync('mkfifo', [join(piped, 'config.json')]);
    await writeFile(join(piped, 'model.safetensors'), weights);
    for (const args of [
      ['inspect', piped],
      ['convert', piped, '-o', at('unpiped')],
    ]) {
      const { status, errors } = await run(...args);
      expect(status).toBe(1);
      expect(errors).toContain('config.json is not a file');
    }
  });
});
