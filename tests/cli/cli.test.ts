// The command line as it is installed: the program that the built package names, in a process of its own.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { cp, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { load, type Prediction } from 'vit-wasm';

import { makeZip } from '../formats/archives.js';
import { fixtures } from '../golden/fixtures.js';
import { folderOf, goldenModels } from '../golden/models.js';
import { json, page, serveHttp, whole, type TestServer } from '../web/http.js';
import { makeTensor, picture, safetensors, tinyConfig, tinyTensors } from '../web/tiny-checkpoint.js';
import { encode } from './pictures.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  version: string;
  bin: { 'vit-wasm': string };
};
const weights = safetensors(tinyTensors());

interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly errors: string;
}

/** Runs the program to its end. */
function run(...args: string[]): Promise<Outcome> {
  return runIn(root, ...args);
}

/** Runs it in a folder. */
function runIn(cwd: string, ...args: string[]): Promise<Outcome> {
  // With the flags of this process, so that both run the same build of the engine.
  const bin = join(root, manifest.bin['vit-wasm']);
  const program = spawn(process.execPath, [...process.execArgv, '--no-warnings', bin, ...args], { cwd });
  let out = '';
  let errors = '';
  program.stdout.on('data', (text: Buffer) => (out += text.toString()));
  program.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  return new Promise((resolve) => program.on('close', (status) => resolve({ status, out, errors })));
}

let folder: string;
let model: string;
let server: TestServer;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vit-wasm-'));
  model = at('model');
  await mkdir(model);
  await writeFile(join(model, 'config.json'), JSON.stringify(tinyConfig));
  await writeFile(join(model, 'model.safetensors'), weights);
  const opaque = { ...picture, data: picture.data.map((value, index) => (index % 4 === 3 ? 255 : value)) };
  const image = { ...opaque, data: new Uint8ClampedArray(opaque.data) };
  await writeFile(at('picture.png'), await encode('png', image));
  await writeFile(at('picture.jpg'), await encode('jpeg', image, { quality: 100 }));
  await writeFile(at('picture.webp'), await encode('webp', image, { lossless: 1 }));
  await writeFile(at('notes.txt'), 'This is no picture.');
  await writeFile(at('broken.png'), (await readFile(at('picture.png'))).subarray(0, 60));
  server = await serveHttp({
    '/model/config.json': json(tinyConfig),
    '/model/model.safetensors': whole(weights),
    '/model.zip': whole(
      makeZip([
        { name: 'config.json', data: new TextEncoder().encode(JSON.stringify(tinyConfig)) },
        { name: 'model.safetensors', data: weights },
      ]),
    ),
    '/page/config.json': json(tinyConfig),
    '/page/model.safetensors': page,
    '/owner/name/resolve/v1/config.json': json(tinyConfig),
    '/owner/name/resolve/v1/model.safetensors': whole(weights),
  });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

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
    await writeFile(join(odd, 'config.json'), JSON.stringify({ ...tinyConfig, model_type: 'swin' }));
    expect((await run('inspect', odd)).errors).toContain('swin');
  });
});

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

  it('to int8: nearly what quantising while loading gives', async () => {
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
    // What is not quantised is in half precision, which is all the difference.
    const wanted = await logitsOf(source, 'int8');
    const found = await logitsOf(output);
    const largest = Math.max(...wanted.map(Math.abs));
    wanted.forEach((value, index) => expect(Math.abs(found[index] - value)).toBeLessThan(0.05 * largest));
    expect(await logitsOf(again)).toEqual(found);
    expect((await run('inspect', output)).out).toContain('I8');

    // What earlier versions wrote was not spread before it was quantised.
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

  it('has no colours, and is the same in a pipe', async () => {
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
