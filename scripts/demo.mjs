// Writes the hosted demo as a static site, which works from any folder of any web host.
//
//   npm run build:demo                                         to build/demo
//   npm run build:demo -- --out FOLDER
//   npm run build:demo -- --deit facebook/deit-tiny-patch16-224   with DeiT-Tiny in int8 beside the page, converted from
//                                                              the Hub, or from a folder
//   npm run build:demo -- --site ADDRESS                       for pages that link to it: their pictures of this page need
//                                                              its address
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build as esbuild } from 'esbuild';
import { build } from './build.mjs';
import { docs, makeDocs } from './docs.mjs';
import { main, root, run } from './shell.mjs';

const source = join(root, 'examples/demo');
const dist = join(root, 'dist');
/** What was measured in Chromium on each kind of processor. */
const results = join(root, 'bench/results');
const kinds = ['x64', 'x64-vnni'];

/** The benchmark's results that the page shows, as bench.json has them: a list, without what it does not show. */
export function benchmark() {
  const known = kinds.map((kind) => JSON.parse(readFileSync(join(results, `${kind}.json`), 'utf8')));
  return JSON.stringify(
    known.map(({ processor, kind, cores, browser, measured, forward, architectures }) => {
      return { processor, kind, cores, browser, date: measured['forward tiny'].date, forward, architectures };
    }),
  );
}

/** The picture of accuracy over time, which the page shows as architectures.svg. */
export const architectures = join(results, 'x64-vnni-architectures.svg');

/** The files of the package that a page may need: no entries for Node and bundlers, no declarations, no source maps. */
const isForPages = (file) =>
  /^(index|features|chunk-\w+|worker\.[\w-]+)\.js$|^vit\.[\w-]+\.wasm$|^builtin\//.test(file);

const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));

/** What the page keeps for offline use, as addresses relative to it. */
export function offlineFiles(demo = source) {
  const own = filesIn(demo).filter(
    (file) => !/^(dist|docs|models)\/|^(service-worker\.js|screenshots?\b.*)$/.test(file),
  );
  const parts = filesIn(dist).filter(isForPages);
  return ['./', ...own.filter((file) => file !== 'index.html'), ...parts.map((file) => `dist/${file}`)];
}

/** Writes the page and the package, which has been built, to a folder. `deit` is what `convert` takes. */
export async function writeDemo(out, { deit, site } = {}) {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const file of filesIn(source).filter((name) => !name.endsWith('.js')))
    cpSync(join(source, file), join(out, file));
  await bundle(out, deit !== undefined);
  if (site !== undefined) nameSite(join(out, 'index.html'), site);
  for (const file of filesIn(dist).filter(isForPages)) cpSync(join(dist, file), join(out, 'dist', file));
  writeFileSync(join(out, 'bench.json'), benchmark());
  cpSync(architectures, join(out, 'architectures.svg'));
  if (deit !== undefined) {
    const model = join(out, 'models/deit-tiny-int8');
    run(process.execPath, [join(dist, 'cli.js'), 'convert', deit, '--dtype', 'int8', '-o', model]);
  }
  writeFileSync(join(out, 'files.json'), JSON.stringify(offlineFiles(out)));
}

/** Open Graph takes only absolute addresses: https://ogp.me/#metadata */
function nameSite(page, site) {
  const { href } = new URL(site.replace(/\/?$/, '/'));
  const head = readFileSync(page, 'utf8').replace(
    '<meta property="og:image" content="',
    `<meta property="og:url" content="${href}" />\n    $&${href}`,
  );
  writeFileSync(page, head);
}

/** The page's modules as a few files, what is rarely wanted apart; the package stays beside them. */
async function bundle(out, deitTinyIsHere) {
  const package_ = {
    name: 'package',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /\/dist\/\w+\.js$/ }, ({ path }) => ({
        path: `./dist/${path.split('/').at(-1)}`,
        external: true,
      }));
      onLoad({ filter: /\bsite\.js$/ }, () => ({
        contents: `export const deitTinyIsHere = ${deitTinyIsHere};`,
      }));
    },
  };
  const options = { format: 'esm', target: 'es2022', minify: true, bundle: true };
  await esbuild({
    ...options,
    entryPoints: [join(source, 'main.js')],
    outdir: out,
    splitting: true,
    chunkNames: 'part-[hash]',
    plugins: [package_],
  });
  await esbuild({ ...options, entryPoints: [join(source, 'service-worker.js')], outdir: out });
  const style = await esbuild({ entryPoints: [join(source, 'style.css')], minify: true, write: false });
  writeFileSync(join(out, 'style.css'), style.outputFiles[0].contents);
}

await main(import.meta, async () => {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, deit: { type: 'string' }, site: { type: 'string' } },
  });
  const out = resolve(values.out ?? join(root, 'build/demo'));
  build();
  makeDocs();
  await writeDemo(out, values);
  cpSync(docs, join(out, 'docs'), { recursive: true });
  console.log(`The demo: ${out}`);
});
