// The documentation as a site, which the demo has at docs/: it opens, and its links lead somewhere.
import { beforeAll, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { inChromium } from './chromium.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const site = join(root, 'build/docs');
const chromium = inChromium({ '/docs/': pathToFileURL(`${site}/`) });

beforeAll(async () => {
  await promisify(execFile)(process.execPath, [join(root, 'scripts/docs.mjs')]);
}, 180_000);

it('opens with the README, and has a page for each of docs/ in its menu', async () => {
  const page = await chromium.open();
  await page.goto(new URL('/docs/', page.url()).href);
  expect(await page.locator('h1').first().innerText()).toBe('vit-wasm');
  // The menu is made by a script.
  const links = page.locator('nav a[href*="documents/"]');
  await links.first().waitFor({ state: 'attached' });
  const menu = await links.evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
  const pages = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md'));
  expect(new Set(menu).size).toBe(pages.length);
});

it('has no link to a page that is not there', async () => {
  const files = (await readdir(site, { recursive: true })).filter((name) => name.endsWith('.html'));
  expect(files.length).toBeGreaterThan(100);
  const broken: string[] = [];
  for (const file of files) {
    const html = await readFile(join(site, file), 'utf8');
    for (const [, link] of html.matchAll(
      /<(?:a|link|script|img)\b[^>]*\b(?:href|src)="(?!https?:|#|data:)([^"#?]+)/g,
    )) {
      if (!existsSync(join(site, dirname(file), decodeURI(link)))) broken.push(`${file}: ${link}`);
    }
  }
  expect(broken).toEqual([]);
});
