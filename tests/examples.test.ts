// The examples, which people copy: a model's labels are text that anybody may have written, so no example makes HTML.
import { expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

/** What turns text into elements, in the DOM, React, Svelte and Vue. */
const makesHtml =
  /\b(inner|outer)HTML\b|insertAdjacentHTML|document\.write|createContextualFragment|setHTMLUnsafe|\{@html|v-html/;

async function filesIn(place: string): Promise<string[]> {
  if (/\.\w+$/.test(place)) return [place];
  const entries = await readdir(join(root, place), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(html|[jt]sx?|mjs|svelte|vue|md)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    .filter((path) => !/node_modules|\.next\b/.test(path));
}

const places = ['examples', 'docs', 'README.md'].filter((place) => existsSync(join(root, place)));
const files = (await Promise.all(places.map(filesIn))).flat();

it('there are some', () => expect(files.length).toBeGreaterThan(20));

it.each(files)('%s puts text into the page, not HTML', async (file) => {
  expect(await readFile(join(root, file), 'utf8')).not.toMatch(makesHtml);
});
