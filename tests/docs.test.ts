// README.md and the pages of docs/: every link leads somewhere, and every page is in the index.
import { describe, expect, it } from '@jest/globals';
import { existsSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const inRoot = (await readdir(root)).filter((name) => name.endsWith('.md'));
const inDocs = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md'));
const pages = [...inRoot, ...inDocs.map((name) => `docs/${name}`)];

const read = (page: string) => readFile(join(root, page), 'utf8');
/** A page without its code, where `#` and `](` mean other things. */
const prose = (text: string) => text.replace(/^ *```[^]*?^ *```/gm, '');

/** The anchors that GitHub and the site give a page's headings. */
function anchors(text: string): string[] {
  return [...prose(text).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}

describe.each(pages)('%s', (page) => {
  it('links to files and headings that exist', async () => {
    const text = prose(await read(page));
    const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)];
    const broken: string[] = [];
    for (const [link, path = '', anchor] of links) {
      const file = path ? join(root, page, '..', path) : join(root, page);
      const found = existsSync(file);
      const isPage = found && statSync(file).isFile() && file.endsWith('.md');
      const hasAnchor = !anchor || !isPage || anchors(await readFile(file, 'utf8')).includes(anchor);
      if (!found || !hasAnchor) broken.push(link);
    }
    expect(broken).toEqual([]);
  });
});

it('every page of docs/ is in the index of the README', async () => {
  const readme = await read('README.md');
  expect(inDocs.filter((name) => !readme.includes(`(docs/${name}`))).toEqual([]);
});
