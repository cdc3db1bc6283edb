// The command line as a whole, and its commands inspect and classify; convert has a file of its own.
import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { load, type Prediction } from 'vit-wasm';

import { makeTensor, picture, safetensors, tinyConfig, tinyTensors } from '../web/tiny-checkpoint.js';
import { root, manifest, weights, run, runIn, folder, model, server, at, inFolder } from './program.js';

inFolder();

describe('vit-wasm', () => {
  it('explains itself', async () => {
    const { status, out, errors } = await run('--help');
    expect({ status, errors }).toEqual({ status: 0, errors: '' });
    for (const word of ['inspect', 'convert', 'classify', '--dtype', '--top-k', '--revision'])
      expect(out).toContain(word);
    expect((await run()).out).toBe(out);
    expect(await run('-v')).toEqual({ status: 0, out: `${manifest.version}\n`, errors: '' });
  });

  it.each([
    [['translate'], 'Unknown command "translate".'],
    [['inspect'], 'inspect needs a model.'],
    [['inspect', 'a/b', 'c/d'], 'inspect takes one model'],
    [['inspect', 'a/b', '--quickly'], "Unknown option '--quickly'"],
    [['inspect', 'a/b', '--top-k', '3'], 'inspect has no option --top-k.'],
    [['convert', 'a/b'], '-o <folder>'],
    [['convert', 'a/b', '-o', 'x', '--dtype', 'fp8'], 'Unknown --dtype "fp8"'],
    [['classify', 'a/b'], 'needs at least one image'],
    [['classify', 'a/b', 'x.png', '-k', 'many'], '--top-k must be a whole number'],
    [['inspect', 'deit'], 'neither a repository on the Hub'],
  ])('called with %j ends with 2 and says why', async (args, says) => {
    const { status, out, errors } = await run(...args);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(errors).toContain(says);
    expect(errors).not.toMatch(/^\s+at /m);
  });

  it.each<[string, () => string[], string]>([
    ['no model', () => ['inspect', at('nowhere')], 'nowhere/model.safetensors'],
    ['a page', () => ['inspect', `${server.url}page/`], 'Got an HTML page'],
    ['no picture', () => ['classify', model, at('notes.txt')], 'notes.txt is not a PNG, JPEG or WebP file.'],
    ['half a picture', () => ['classify', model, at('broken.png')], 'broken.png is damaged'],
    [
      'a picture that does not exist',
      () => ['classify', model, at('none.png')],
      'none.png could not be read',
    ],
    ['other weights', () => ['inspect', model, '--integrity', 'sha256-x'], 'sha256-'],
    ['a folder that is a file', () => ['convert', model, '-o', at('notes.txt')], 'notes.txt'],
    ['a model that is there already', () => ['convert', model, '-o', model], 'already'],
  ])('given %s ends with an error and no stack', async (_, args, says) => {
    const { status, out, errors } = await run(...args());
    expect(status).toBeGreaterThanOrEqual(1);
    expect(out).toBe('');
    expect(errors).toContain(says);
    expect(errors).not.toMatch(/^\s+at /m);
  });
});

describe('inspect', () => {
  it('says what a model is', async () => {
    const { status, out } = await run('inspect', model);
    expect(status).toBe(0);
    for (const words of [
      '8 × 8 pixels',
      '2 of width 8, MLP 16',
      '3 (apple; pear; plum)',
      'F32',
      'bilinear',
      'MB',
    ]) {
      expect(out).toContain(words);
    }
  });

  it('says it as JSON, of a repository, without reading the weights into a cache', async () => {
    const cache = at('inspected');
    const { status, out } = await run(
      'inspect',
      'owner/name',
      '--host',
      server.url,
      '--revision',
      'v1',
      '--json',
      '--cache',
      cache,
    );
    expect(status).toBe(0);
    const loaded = await load(model);
    expect(JSON.parse(out)).toMatchObject({
      modelType: 'vit',
      hidden: 8,
      labels: ['apple', 'pear', 'plum'],
      memoryBytes: loaded.info.memoryBytes,
    });
    loaded.dispose();
    expect(await readdir(cache).catch(() => [])).toEqual([]);
  });

  it('leaves a cached model in the cache', async () => {
    const cache = at('kept');
    const address = `${server.url}model.zip`;
    const converted = await run('convert', address, '-o', at('kept-model'), '--cache', cache);
    expect(converted.status).toBe(0);
    const kept = await readdir(cache);
    expect(kept).not.toEqual([]);
    expect((await run('inspect', address, '--cache', cache)).status).toBe(0);
    expect(await readdir(cache)).toEqual(kept);
  });

  it('says what is not supported, tensor by tensor', async () => {
    const odd = at('odd');
    await mkdir(odd);
    await writeFile(join(odd, 'config.json'), JSON.stringify({ ...tinyConfig, num_hidden_layers: 3 }));
    await writeFile(join(odd, 'model.safetensors'), weights);
    const { status, errors } = await run('inspect', odd);
    expect(status).toBe(1);
    expect(errors).toContain('"vit.encoder.layer.2.layernorm_before.weight" is missing');
    await writeFile(join(odd, 'config.json'), JSON.stringify({ ...tinyConfig, model_type: 'convnext' }));
    expect((await run('inspect', odd)).errors).toContain('convnext');
  });
});

describe('the name of a model', () => {
  it('is a path where there is one, also where it looks like a repository', async () => {
    await mkdir(at('owner'), { recursive: true });
    expect((await runIn(folder, 'convert', 'model', '-o', 'owner/small')).status).toBe(0);
    for (const name of ['owner/small', 'model', './model', 'model/', 'model/model.safetensors']) {
      const { status, out } = await runIn(folder, 'classify', name, 'picture.png', '--no-cache');
      expect({ status, out }).toEqual({ status: 0, out: expect.stringContaining('picture.png') });
    }
  });

  it('is "builtin" for the built-in model, in every command', async () => {
    expect((await runIn(folder, 'inspect', 'builtin')).out).toContain('200 (goldfish');
    expect((await runIn(folder, 'classify', 'builtin', 'picture.png')).status).toBe(0);
    expect((await runIn(folder, 'convert', 'builtin', '-o', at('builtin-model'))).status).toBe(0);
    (await load(at('builtin-model'))).dispose();
  });
});

describe('what is printed', () => {
  /** Sets a terminal's title, clears it, moves its cursor; in 7 and in 8 bits; and turns the direction of writing. */
  const hostile = '\x1b]0;owned\x07\x1b[2J\u009b31m\x7fcat\u202egnp\r\nliar';
  const obeyed = /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/;

  it.each([['classify'], ['classify', '--json'], ['inspect'], ['inspect', '--json']])(
    'by %s %s has no commands for the terminal in its labels',
    async (command, ...flags) => {
      const evil = at(`evil-${command}${flags.length}`);
      await mkdir(evil);
      const config = { ...tinyConfig, id2label: { 0: hostile, 1: hostile, 2: hostile } };
      await writeFile(join(evil, 'config.json'), JSON.stringify(config));
      await writeFile(join(evil, 'model.safetensors'), weights);
      const pictures = command === 'classify' ? [at('picture.png')] : [];
      const { status, out } = await run(command, evil, ...pictures, ...flags);
      expect(status).toBe(0);
      expect(out).toContain('cat');
      expect(out).not.toMatch(obeyed);
      expect(out).not.toMatch(/^liar/m);
      if (flags.length > 0) expect(JSON.stringify(JSON.parse(out))).toContain(JSON.stringify(hostile));
    },
  );

  it('of an error has none in the names of tensors and files', async () => {
    const evil = at('evil-tensors');
    await mkdir(evil);
    await writeFile(join(evil, 'config.json'), JSON.stringify(tinyConfig));
    const tensors = [...tinyTensors(), makeTensor(hostile, [1])];
    await writeFile(join(evil, 'model.safetensors'), safetensors(tensors));
    for (const args of [
      ['inspect', evil],
      ['classify', model, `no${hostile}.png`],
      ['inspect', hostile],
      [hostile],
    ]) {
      const { status, errors } = await run(...args);
      expect(status).toBeGreaterThan(0);
      expect(errors).toContain('cat');
      expect(errors).not.toMatch(obeyed);
    }
  });

  it('has no colors, and is the same in a pipe', async () => {
    const plain = await run('inspect', model);
    expect(plain.out).not.toContain('\x1b');
    expect(plain.errors).toBe('');
  });

  it('ends quietly when its output is closed', async () => {
    const bin = join(root, manifest.bin['vit-wasm']);
    const command = `"${process.execPath}" --no-warnings "${bin}" inspect "${model}" --json; echo "status $?" >&2`;
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', `(${command}) | true`]);
    expect(stdout).toBe('');
    expect(stderr).toBe('status 0\n');
  });
});

describe('decoders', () => {
  /** As npx has it: the package in a folder of its own, with none of its optional decoders. */
  const alone = async () => {
    const package_ = at('npx/node_modules/vit-wasm');
    await mkdir(package_, { recursive: true });
    await cp(join(root, 'dist'), join(package_, 'dist'), { recursive: true });
    await cp(join(root, 'package.json'), join(package_, 'package.json'));
    return join(package_, manifest.bin['vit-wasm']);
  };
  const runAlone = (bin: string, cwd: string) =>
    promisify(execFile)(process.execPath, ['--no-warnings', bin, 'classify', model, at('picture.png')], {
      cwd,
    });

  it('are found in the folder that the program is called from, and named where there are none', async () => {
    const bin = await alone();
    await mkdir(at('project'));
    await expect(runAlone(bin, at('project'))).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('npm install @jsquash/png'),
    });
    await symlink(join(root, 'node_modules'), at('project/node_modules'));
    expect((await runAlone(bin, at('project'))).stdout).toContain('%');
  });
});

describe('classify', () => {
  const pictures = () => ['picture.png', 'picture.jpg', 'picture.webp'].map(at);

  it('PNG, JPEG and WebP, as JSON', async () => {
    const { status, out, errors } = await run('classify', model, ...pictures(), '--json', '-k', '2');
    expect({ status, errors }).toEqual({ status: 0, errors: '' });
    const results = JSON.parse(out) as { image: string; predictions: Prediction[] }[];
    expect(results.map(({ image }) => image)).toEqual(pictures());
    const loaded = await load(model);
    const wanted = await loaded.classify(picture, { topK: 2 });
    loaded.dispose();
    // PNG and lossless WebP give the same pixels, JPEG nearly.
    expect(results[0].predictions).toEqual(wanted);
    expect(results[2].predictions).toEqual(wanted);
    expect(results[1].predictions[0].probability).toBeCloseTo(wanted[0].probability, 2);
  });

  it('as a table', async () => {
    const { out } = await run('classify', model, at('picture.png'));
    expect(out).toMatch(/picture\.png\n( +\d+\.\d\d % {2}(apple|pear|plum)\n){3}/);
  });
});
