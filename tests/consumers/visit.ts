// Visits a page of a user of the package and holds its answers against Node's.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { expect } from '@jest/globals';
import type { BrowserContext, Page } from 'playwright-core';

import type { Prediction } from '../../web/types.js';
import { expectClose } from '../expect-close.js';
import type { PackedPicture } from '../browser/picture.js';
import type { Project } from './project.js';

/** Newer Nodes run relaxed SIMD without being asked, and one day may not know the flag. */
export const nodeFlags =
  Number(process.versions.node.split('.')[0]) < 22 ? ['--experimental-wasm-relaxed-simd'] : [];

/** A page that is open, and everything that it and its workers asked for. */
export interface Visit {
  readonly page: Page;
  readonly responses: readonly { url: string; status: number; type: string }[];
  /** Errors that nobody caught and what was printed as an error. */
  readonly errors: readonly string[];
}

export async function visit(context: BrowserContext, address: string): Promise<Visit> {
  const page = await context.newPage();
  const responses: { url: string; status: number; type: string }[] = [];
  const errors: string[] = [];
  page.on('response', (response) => {
    const type = response.headers()['content-type'] ?? '';
    if (!isIcon(response.url())) responses.push({ url: response.url(), status: response.status(), type });
  });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    const { url } = message.location();
    if (message.type() === 'error' && !isIcon(url)) errors.push(`${message.text()} (${url})`);
  });
  await page.goto(address);
  return { page, responses, errors };
}

/** Browsers ask for a page's icon unasked; these pages have none. */
function isIcon(url: string): boolean {
  return url.endsWith('/favicon.ico');
}

/** What the page lists: every `<li>` is a label and a `<meter>`. Fails with the page's own words if it is an alert. */
export async function answersOf(page: Page): Promise<Map<string, number>> {
  await page.waitForSelector('li meter, [role=alert]:not(:empty)', { timeout: 30_000, state: 'attached' });
  expect(await page.locator('[role=alert]:not(:empty)').allTextContents()).toEqual([]);
  const answers = page.locator('li').evaluateAll((items) =>
    items.map((item): [string, number] => {
      const label = item.firstChild?.textContent?.trim() ?? '';
      return [label, item.querySelector('meter')?.value ?? NaN];
    }),
  );
  return new Map(await answers);
}

/** The pixels of the page's canvas. */
async function pictureOf(page: Page): Promise<PackedPicture> {
  return page.locator('canvas').evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const { width, height } = canvas;
    const pixels = canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
    let bytes = '';
    for (const byte of pixels) bytes += String.fromCharCode(byte);
    return { data: btoa(bytes), width, height };
  });
}

/** The page's answers are those that the same package gives in Node for the pixels of the page's canvas. */
export async function expectAnswersOfNode(page: Page, plain: Project, model?: string): Promise<void> {
  const answers = await answersOf(page);
  const expected = await inNode(plain, await pictureOf(page), model);
  const asked = expected.slice(0, answers.size);
  expect(answers.size).toBeGreaterThan(1);
  expect([...answers.keys()]).toEqual(asked.map(({ label }) => label));
  expectClose(
    [...answers.values()],
    asked.map(({ probability }) => probability),
    1e-5,
    'probabilities',
  );
}

/** What the package says in Node, of every class, the most probable first. */
export async function inNode(
  { folder }: Project,
  image: PackedPicture,
  model?: string,
): Promise<Prediction[]> {
  const node = spawn(process.execPath, [...nodeFlags, 'answers.mjs'], { cwd: folder });
  node.stdin.end(JSON.stringify({ model, image }));
  const [answer, complaint] = await Promise.all([text(node.stdout), text(node.stderr)]);
  if (answer === '') throw new Error(`Node gave no answer:\n${complaint}`);
  return JSON.parse(answer) as Prediction[];
}
