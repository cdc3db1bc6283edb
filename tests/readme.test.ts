// The README's code and shell lines, run as they are written.
import { beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { deitTiny, sharedIsThere } from './golden/fixtures.js';
import { decodeJpeg } from './golden/jpeg.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = await readFile(join(root, 'README.md'), 'utf8');
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  name: string;
  scripts: Record<string, string>;
};

function blocks(language: string): string[] {
  const fences = readme.matchAll(/^```(\w+)\n(.*?)^```/gms);
  return [...fences].filter(([, name]) => name === language).map(([, , text]) => text);
}

const commands = blocks('sh')
  .flatMap((block) => block.split('\n'))
  .flatMap((line) => line.replace(/\s#.*/, '').split('&&'))
  .map((command) => command.trim())
  .filter((command) => command !== '');

let folder: string;
let setting: string;

function reportAbsence(): void {
  it('NOT TESTED: what needs the weights of DeiT-Tiny, which are absent', () =>
    expect(sharedIsThere).toBe(false));
}

/** Runs Node where the page has a photograph, and the Hub has DeiT-Tiny's own files. */
async function run(...args: string[]): Promise<string> {
  const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), NO_COLOR: '1' };
  const all = ['--import', pathToFileURL(setting).href, ...args];
  const { stdout } = await promisify(execFile)(process.execPath, all, { cwd: folder, env });
  return stdout;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'readme-'));
  // Within the project, so that 'vit-wasm' is the package itself.
  await mkdir(join(root, 'build/readme'), { recursive: true });
  setting = join(folder, 'setting.mjs');
  const { data, width, height } = await decodeJpeg(join(root, 'examples/demo/samples/cat.jpg'));
  await writeFile(join(folder, 'photo.rgba'), data);
  await writeFile(
    setting,
    `import { readFileSync } from 'node:fs';
    const data = new Uint8Array(readFileSync(${JSON.stringify(join(folder, 'photo.rgba'))}));
    const picture = { data, width: ${width}, height: ${height} };
    globalThis.document = { querySelector: (name) => (name === 'img' || name === 'canvas' ? picture : null) };
    const hub = 'https://huggingface.co/facebook/deit-tiny-patch16-224/resolve/main/';
    globalThis.fetch = async (address) => {
      const name = String(address?.url ?? address);
      if (!name.startsWith(hub)) return new Response('', { status: 404 });
      try {
        return new Response(readFileSync(${JSON.stringify(fileURLToPath(deitTiny))} + name.slice(hub.length)));
      } catch {
        return new Response('', { status: 404 });
      }
    };`,
  );
});

describe('the code', () => {
  const [first, second, ...others] = blocks('js');

  async function outputOf(name: string, code: string): Promise<string> {
    const path = join(root, 'build/readme', name);
    await writeFile(path, code);
    return await run(path);
  }

  it('is these two', () => expect(others).toEqual([]));

  it('names a photograph as its comment says', async () => {
    const [, label, index] = /label: '(.*?)',.*?index: (\d+)/.exec(first)!;
    const output = await outputOf('first.mjs', first);
    const [, answer, number] = /label: '(.*?)',.*?index: (\d+)/s.exec(output)!;
    expect([answer, number]).toEqual([label, index]);
    expect(output.match(/label:/g)).toHaveLength(3);
  });

  if (!sharedIsThere) return reportAbsence();

  it('classifies and embeds with a model of the Hub', async () => {
    const [, hidden] = /embedding\.length\); \/\/ (\d+)/.exec(second)!;
    const output = await outputOf('second.mjs', second);
    expect(output).toMatch(/label: '.*cat/);
    expect(output.trim().split('\n').at(-1)).toBe(hidden);
  });
});

describe('the shell lines', () => {
  it('are some', () => expect(commands.length).toBeGreaterThan(4));

  it.each(commands.filter((command) => command.startsWith('npm ')))('%s', (command) => {
    const [, verb, argument] = command.split(' ');
    if (verb === 'install') return expect(argument).toBe(manifest.name);
    if (verb !== 'ci') expect(manifest.scripts).toHaveProperty([verb === 'run' ? argument : verb]);
    return expect(command).toMatch(/^npm (ci|start|test|run \S+)$/);
  });

  it('are all of these kinds', () => {
    expect(commands.filter((command) => !/^(npm|npx vit-wasm) /.test(command))).toEqual([]);
  });

  if (!sharedIsThere) return reportAbsence();

  it.each(commands.filter((command) => command.startsWith('npx vit-wasm ')))('%s', async (command) => {
    await run(join(root, 'dist/cli.js'), ...command.split(' ').slice(2));
    const output = /-o (\S+)/.exec(command)?.[1];
    if (output) expect(await readFile(join(folder, output, 'model.safetensors'))).not.toHaveLength(0);
  });
});

it('is short', () => expect(readme.split(/\s+/).length).toBeLessThanOrEqual(800));
