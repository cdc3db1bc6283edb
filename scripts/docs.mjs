// The documentation as one static site, build/docs, which the demo links to as docs/: the README as its first page, the
// pages of docs/, and the API reference, made of the comments in web/. typedoc.json says what goes into the reference; a
// public name without a comment is an error, and so is a link to a file that does not exist.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { main, root, run, Failure } from './shell.mjs';

export const docs = join(root, 'build/docs');

/** Where the pages are written before typedoc reads them, with links that hold on a site. */
const staged = join(root, 'build/docs-pages');

/** In the order of the site's menu; other pages follow by name. */
const firstPages = ['loading-and-caching', 'supported-models', 'bundlers-and-policies', 'threads'];

export function makeDocs() {
  const pages = stagePages();
  const documents = pages.flatMap((page) => ['--projectDocuments', join(staged, page)]);
  const readme = ['--readme', join(staged, 'README.md')];
  const out = ['--out', docs, '--logLevel', 'Warn'];
  run(join(root, 'node_modules/.bin/typedoc'), [...readme, ...documents, ...out]);
}

/** Writes README.md and docs/*.md for the site; returns the pages of docs/. */
function stagePages() {
  const rank = (page) => (firstPages.indexOf(page.slice(5, -3)) + 1 || firstPages.length + 1) + page;
  const pages = readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  rmSync(staged, { recursive: true, force: true });
  mkdirSync(join(staged, 'docs'), { recursive: true });
  const known = new Set(['README.md', ...pages]);
  for (const page of known) {
    const text = readFileSync(join(root, page), 'utf8');
    writeFileSync(join(staged, page), withTitle(withSiteLinks(text, page, known)));
  }
  return pages;
}

/** The page with its heading as the title, which typedoc writes above it and into the menu. */
function withTitle(text) {
  return text.replace(/^# (.*)\n/, (_whole, title) => `---\ntitle: ${JSON.stringify(title)}\n---\n`);
}

const { repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const repositoryPage = repository.url.replace(/^git\+|\.git$/g, '');

/** A page's links to other pages stay, those to pictures point to the picture, all others lead to the repository. */
function withSiteLinks(text, page, known) {
  return text.replace(/\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)/g, (_whole, link, anchor = '') => {
    const file = join(dirname(page), link);
    if (known.has(file)) return `](${link}${anchor})`;
    const kind = statSync(join(root, file), { throwIfNoEntry: false });
    if (!kind) throw new Failure(`${page} links to ${link}, which does not exist.`);
    if (/\.(gif|png|jpg|svg|webp)$/.test(file))
      return `](${relative(dirname(join(staged, page)), join(root, file))})`;
    return `](${repositoryPage}/${kind.isDirectory() ? 'tree' : 'blob'}/main/${file}${anchor})`;
  });
}

await main(import.meta, makeDocs);
