// The demo's words: every English sentence has its translation, and the table has no others.
import { expect, it } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../examples/demo/', import.meta.url));
const { default: chinese, faults } = (await import(join(folder, 'zh.js'))) as {
  default: Record<string, string>;
  faults: Record<string, string>;
};

const scripts = (await readdir(folder, { recursive: true })).filter(
  (file) => file.endsWith('.js') && file !== 'zh.js',
);
const sources = await Promise.all(scripts.map((file) => readFile(join(folder, file), 'utf8')));
const page = await readFile(join(folder, 'index.html'), 'utf8');
const inScripts = sources.flatMap((text) =>
  [...text.matchAll(/\bt\(\s*(?:'((?:[^'\\]|\\.)*)'|"([^"]*)")/g)].map(
    ([, single, double]) => single ?? double,
  ),
);
const inPage = [
  ...[...page.matchAll(/<[^>]*\sdata-t(?=[\s>])[^>]*>([^<]*)</g)].map(([, text]) =>
    text.replace(/\s+/g, ' ').trim(),
  ),
  ...['aria-label', 'placeholder'].flatMap((name) =>
    [...page.matchAll(new RegExp(`<[^>]*data-t-${name}[^>]*>`, 'g'))].map(
      ([tag]) => new RegExp(`\\b${name}="([^"]*)"`).exec(tag)![1],
    ),
  ),
];

it('there are many', () => expect(inScripts.length + inPage.length).toBeGreaterThan(200));

it.each([...new Set([...inScripts, ...inPage])])('%s', (english) => {
  const translated = chinese[english];
  expect(translated).toEqual(expect.any(String));
  const values = (text: string) => (text.match(/\{\w+\}/g) ?? []).toSorted();
  expect(values(translated)).toEqual(values(english));
});

it("has a sentence for each kind of the library's errors that the page can show", async () => {
  const types = await readFile(join(folder, '../../web/errors.ts'), 'utf8');
  const codes = [...types.matchAll(/^ {2}\| '([\w-]+)'/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(20);
  // The page never asks for `latest`, so nothing is superseded.
  expect(Object.keys(faults).toSorted()).toEqual(codes.filter((code) => code !== 'superseded').toSorted());
});

it('translates nothing that the page, or the library of threads and kernels, does not say', async () => {
  const engine = await Promise.all(
    ['threads', 'kernels'].map((name) => readFile(join(folder, `../../web/engine/${name}.ts`), 'utf8')),
  );
  const reasons = engine.map((text) =>
    text.replaceAll(/' \+\s*'/g, '').replaceAll(/\$\{(cores|threads)\}/g, '{count}'),
  );
  const everything = [...sources, page, ...reasons].join('\n').replaceAll(/\s+/g, ' ');
  expect(Object.keys(chinese).filter((english) => !everything.includes(english))).toEqual([]);
});
