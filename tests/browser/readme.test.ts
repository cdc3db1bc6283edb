// What the README shows, run as it is written: its scripts in a page of Chromium that has the photograph and the canvas
// they speak of, its commands in a shell. Only the Hub is answered from this machine.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';

import type { Prediction } from '../../web/index.js';
import { deitTiny, photographs, sharedIsThere } from '../golden/fixtures.js';
import { folderOf, goldenModels } from '../golden/models.js';
import { dist, inChromium } from './chromium.js';
import { startServer, type Route, type Server } from './server.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = await readFile(join(root, 'README.md'), 'utf8');
const hub = 'https://huggingface.co';
const deitTinyPath = '/facebook/deit-tiny-patch16-224/resolve/main/';

/** The README's blocks of code in a language, as they are. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp('^```' + language + '\\n([^]*?)^```', 'gm'))].map(
    ([, code = '']) => code,
  );
}

const samples = new URL('../../examples/demo/samples/', import.meta.url);
const photographsHere = sharedIsThere ? photographs : samples;
/** Without the real weights the commands still run, on a model of another size. */
const deitTinyHere = sharedIsThere ? deitTiny : folderOf(goldenModels[0]);

const page: Route = (_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/html' }).end(
    `<!doctype html><script type="importmap">{ "imports": { "vit-wasm": "/package/index.js" } }</script>
     <img src="/photographs/cat.jpg"><canvas></canvas>`,
  );
};

describe('the scripts', () => {
  const routes = { '/package/': dist, '/photographs/': photographsHere, '/page/': page };
  const chromium = inChromium(routes);
  const [first, second, ...others] = blocks('js');

  it('are two', () => expect([typeof first, typeof second, others.length]).toEqual(['string', 'string', 0]));

  it('the first says what is in the photograph', async () => {
    const [predictions] = (await printed(await chromium.open(), first)) as [Prediction[]];
    const [, label, index] = /label: '(.+?)', probability: …, index: (\d+)/.exec(first)!;
    expect(predictions).toHaveLength(3);
    expect(predictions[0]).toMatchObject({ label, index: Number(index) });
  });

  it('the second loads a model from the Hub, classifies and embeds', async () => {
    const tab = await chromium.open();
    await answerForHub(tab);
    const [predictions, length] = (await printed(tab, second)) as [Prediction[], number];
    expect(predictions.length).toBeGreaterThan(0);
    if (!sharedIsThere) return;
    expect(predictions).toHaveLength(5);
    expect(predictions[0].label).toMatch(/\bcat\b/);
    expect(length).toBe(Number(/embedding\.length\); \/\/ (\d+)/.exec(second)![1]));
  });
});

/** Runs a script in a page whose canvas shows the photograph; gives what it logs. */
async function printed(tab: Page, script: string): Promise<unknown[]> {
  await tab.evaluate(async () => {
    const photo = document.querySelector('img')!;
    await photo.decode();
    const canvas = document.querySelector('canvas')!;
    [canvas.width, canvas.height] = [photo.naturalWidth, photo.naturalHeight];
    canvas.getContext('2d')!.drawImage(photo, 0, 0);
  });
  const wanted = script.split('console.log(').length - 1;
  const logged: Promise<unknown>[] = [];
  const done = new Promise<void>((resolve, reject) => {
    tab.on('pageerror', reject);
    tab.on('console', (message) => {
      if (message.type() !== 'log') return;
      if (logged.push(message.args()[0].jsonValue()) === wanted) resolve();
    });
  });
  await Promise.all([done, tab.addScriptTag({ type: 'module', content: script })]);
  return await Promise.all(logged);
}

async function answerForHub(tab: Page): Promise<void> {
  await tab.route(`${hub}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    const file = fileURLToPath(new URL(pathname.replace(deitTinyPath, ''), deitTinyHere));
    const headers = { 'Access-Control-Allow-Origin': '*' };
    if (!pathname.startsWith(deitTinyPath) || !existsSync(file))
      await route.fulfill({ status: 404, headers });
    else await route.fulfill({ path: file, headers });
  });
}

describe('the commands', () => {
  const lines = blocks('sh')
    .flatMap((block) => block.trim().split('\n'))
    .map((line) => line.replace(/ +#.*/, ''));
  let folder: string;
  let server: Server;

  beforeAll(async () => {
    server = await startServer({ [deitTinyPath]: deitTinyHere });
    folder = await mkdtemp(join(tmpdir(), 'vit-wasm-readme-'));
    // The package as npm installs it, so far as npx looks.
    await mkdir(join(folder, 'node_modules/.bin'), { recursive: true });
    await symlink(root, join(folder, 'node_modules/vit-wasm'));
    await symlink('../vit-wasm/dist/cli.js', join(folder, 'node_modules/.bin/vit-wasm'));
    await writeFile(join(folder, 'package.json'), '{ "private": true }');
    await writeFile(
      join(folder, 'hub.mjs'),
      `const { fetch } = globalThis;
       globalThis.fetch = (url, ...rest) =>
         fetch(String(url).replace('${hub}', '${server.origin}'), ...rest);`,
    );
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await server.close();
  });

  it.each(lines.filter((line) => line.startsWith('npx ')))('%s', async (line) => {
    const [, output = ''] = / -o (\S+)/.exec(line) ?? [];
    const options = `--import ${join(folder, 'hub.mjs')} --no-warnings`;
    const env = { ...process.env, NODE_OPTIONS: options, npm_config_offline: 'true' };
    await promisify(execFile)('sh', ['-c', line], { cwd: folder, env });
    const config = await readFile(join(folder, output, 'config.json'), 'utf8');
    expect(JSON.parse(config)).toHaveProperty('model_type');
    expect(existsSync(join(folder, output, 'model.safetensors'))).toBe(true);
  });

  // Running these would build and test everything from within a test, so their parts are compared with what CI runs.
  it.each(lines.filter((line) => line.startsWith('npm ')))('%s', async (line) => {
    const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      name: string;
      scripts: Record<string, string>;
    };
    const ci = await readFile(join(root, '.ci/run'), 'utf8');
    for (const command of line.split(' && ')) {
      const [, verb = '', ...rest] = command.split(' ');
      if (verb === 'install') expect(rest).toEqual([manifest.name]);
      else if (verb === 'ci') expect(ci).toMatch(/^npm ci$/m);
      else expect(manifest.scripts).toHaveProperty([verb]);
      if (verb === 'test') expect(ci).toMatch(/^npm test/m);
    }
  });

  it('are all of these two kinds', () => {
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.filter((line) => !/^(npm|npx) /.test(line))).toEqual([]);
  });
});
