// The command line as it is installed: the program that the built package names, in a process of its own.
import { afterAll, beforeAll } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { makeZip } from '../formats/archives.js';
import { json, page, serveHttp, whole, type TestServer } from '../web/http.js';
import { picture, safetensors, tinyConfig, tinyTensors } from '../web/tiny-checkpoint.js';
import { encode } from './pictures.js';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  version: string;
  bin: { 'vit-wasm': string };
};
export const weights = safetensors(tinyTensors());

/** What a run of the program came to. */
export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly errors: string;
}

/** Runs the program to its end. */
export function run(...args: string[]): Promise<Outcome> {
  return runIn(root, ...args);
}

/** Runs it in a folder. */
export function runIn(cwd: string, ...args: string[]): Promise<Outcome> {
  // With the flags of this process, so that both run the same build of the engine.
  const bin = join(root, manifest.bin['vit-wasm']);
  // `npm run coverage` counts the lines that run in it.
  const { VIT_COVERAGE } = process.env;
  const env = { ...process.env, ...(VIT_COVERAGE && { NODE_V8_COVERAGE: VIT_COVERAGE }) };
  const program = spawn(process.execPath, [...process.execArgv, '--no-warnings', bin, ...args], { cwd, env });
  let out = '';
  let errors = '';
  program.stdout.on('data', (text: Buffer) => (out += text.toString()));
  program.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  return new Promise((resolve) => program.on('close', (status) => resolve({ status, out, errors })));
}

export let folder: string;
export let model: string;
export let server: TestServer;
export const at = (name: string) => join(folder, name);

/** Fills the folder and starts the server, for the tests of a file. */
export function inFolder(): void {
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
}
