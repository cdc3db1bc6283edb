// The examples that need more than a page on a server: a camera, an extension, the server side, Node.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

import { opaquePicture, pack } from '../browser/picture.js';
import { chromiumFlags } from '../browser/chromium.js';
import { onPath } from '../browser/programs.js';
import { surroundings, testExample } from './consumer.js';
import { choosePicture, pictureFile } from './picture-file.js';
import { install, type Project } from './project.js';
import { answersOf, expectAnswersOfNode, inNode, nodeFlags, visit } from './visit.js';

const around = surroundings();

testExample(
  {
    name: 'examples/webcam',
    sources: ['tests/consumers/plain', 'examples/webcam'],
    serve: { '/dist/': 'node_modules/vit-wasm/dist', '/examples/webcam/': '.' },
    path: '/examples/webcam/',
    wasmFile: true,
  },
  // Chromium has a camera of its own, which shows a test pattern, and asks nobody whether it may be used.
  surroundings([...chromiumFlags, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']),
  async (page) => {
    await page.getByRole('button', { name: 'Start' }).click();
    await answersOf(page);
    // What the page shows now, a frame and its answers, stays.
    await page.getByRole('button', { name: 'Stop' }).click();
  },
);

describe('examples/extension', () => {
  let extension: string;
  let context: BrowserContext;

  beforeAll(async () => {
    const project = await install('examples/extension');
    await project.run('build');
    extension = join(project.folder, 'dist');
    context = await chromium.launchPersistentContext('', {
      executablePath: onPath('chromium'),
      // Extensions need the browser's new headless mode, which is not what `headless` asks for.
      headless: false,
      args: [
        ...chromiumFlags,
        '--headless=new',
        `--disable-extensions-except=${extension}`,
        `--load-extension=${extension}`,
      ],
    });
  });
  afterAll(() => context?.close());

  it('answers as Node does on the extension’s page', async () => {
    const { page, errors } = await visit(context, `chrome-extension://${idOf(extension)}/index.html`);
    await choosePicture(page);
    await expectAnswersOfNode(page, around.plain());
    expect(errors).toEqual([]);
  });
});

/** The name that Chromium gives to an extension that it loads from a folder. */
function idOf(folder: string): string {
  const hash = createHash('sha256').update(folder).digest('hex').slice(0, 32);
  return [...hash].map((digit) => String.fromCharCode(97 + parseInt(digit, 16))).join('');
}

describe('examples/node', () => {
  let project: Project;
  let page: Page;

  beforeAll(async () => {
    project = await install('examples/node');
    page = await (await around.context()).newPage();
    await writeFile(join(project.folder, 'picture.png'), await pictureFile(page));
  });

  it('prints what the package says of the picture’s pixels', async () => {
    const args = [...nodeFlags, 'classify.js', 'picture.png'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: project.folder });
    const expected = await inNode(around.plain(), pack(opaquePicture()));
    const lines = expected.slice(0, 5).map(({ label, probability }) => {
      return `${(100 * probability).toFixed(1).padStart(5)} %  ${label}\n`;
    });
    expect(stdout).toBe(lines.join(''));
  });
});
