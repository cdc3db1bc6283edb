// Writes the hosted demo as a static site, which works from any folder of any web host.
//
//   npm run build:demo                                         to build/demo
//   npm run build:demo -- --out FOLDER
//   npm run build:demo -- --deit facebook/deit-tiny-patch16-224   with DeiT-Tiny in int8 beside the page, converted from
//                                                              the Hub, or from a folder
//   npm run build:demo -- --site ADDRESS                       for pages that link to it: their pictures of this page need
//                                                              its address
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build as esbuild, transformSync } from 'esbuild';
import { build } from './build.mjs';
import { docs, makeDocs } from './docs.mjs';
import { main, root, run } from './shell.mjs';

const source = join(root, 'examples/demo');
const dist = join(root, 'dist');
/** The small model that answers first. */
const glance = join(root, 'models/first-glance');
const isOfModel = (file) => /\.(json|safetensors)$/.test(file);
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

/** The package's scripts that a page imports. */
const isImported = (file) => /^(index|features|chunk-\w+)\.js$/.test(file);
/** What the package fetches itself. */
const isFetched = (file) => /^worker\.[\w-]+\.js$|^vit\.[\w-]+\.wasm$|^builtin\//.test(file);

const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));

/** What the page keeps for offline use, as addresses relative to it; of the page as it is in the repository, or written. */
export function offlineFiles(demo = source) {
  const own = filesIn(demo).filter(
    (file) => !/^(dist|docs|models)\/|^(service-worker\.js|screenshots?\b.*)$/.test(file),
  );
  const parts = filesIn(dist)
    .filter((file) => isFetched(file) || (demo === source && isImported(file)))
    .map((file) => `dist/${file}`);
  const model = filesIn(glance)
    .filter(isOfModel)
    .map((file) => `models/first-glance/${file}`);
  return ['./', ...own.filter((file) => file !== 'index.html'), ...parts, ...model];
}

/** Writes the page and the package, which has been built, to a folder. `deit` is what `convert` takes. */
export async function writeDemo(out, { deit, site } = {}) {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const file of filesIn(source).filter((name) => !name.endsWith('.js')))
    cpSync(join(source, file), join(out, file));
  const parts = await bundle(out, deit !== undefined);
  writeFileSync(join(out, 'index.html'), page(parts, site));
  for (const file of filesIn(dist).filter(isFetched)) cpSync(join(dist, file), join(out, 'dist', file));
  writeFileSync(join(out, 'bench.json'), benchmark());
  cpSync(architectures, join(out, 'architectures.svg'));
  for (const file of filesIn(glance).filter(isOfModel))
    cpSync(join(glance, file), join(out, 'models/first-glance', file));
  if (deit !== undefined) {
    const model = join(out, 'models/deit-tiny-int8');
    run(process.execPath, [join(dist, 'cli.js'), 'convert', deit, '--dtype', 'int8', '-o', model]);
  }
  writeFileSync(join(out, 'files.json'), JSON.stringify(offlineFiles(out)));
}

/**
 * The page, which names all that its script imports: otherwise a browser learns of one module only from another. Its first
 * script is inlined, and allowed by its hash. Comments and indentation, a sixteenth of the page, are removed.
 */
function page(modules, site) {
  const links = modules.map((path) => `<link rel="modulepreload" href="${path}" />`);
  const script = '<script type="module" src="main.js"></script>';
  const { code } = transformSync(readFileSync(join(source, 'early.js'), 'utf8'), { minify: true });
  const first = code.trim();
  const html = readFileSync(join(source, 'index.html'), 'utf8')
    .replace(script, [script, ...links].join('\n'))
    .replaceAll(/<!--.*?-->|(?<=\n)\s+/g, '')
    .replace('<script src="early.js"></script>', () => `<script>${first}</script>`)
    .replace("script-src 'self'", `$& 'sha256-${createHash('sha256').update(first).digest('base64')}'`);
  if (site === undefined) return html;
  // Open Graph takes only absolute addresses: https://ogp.me/#metadata
  const { href } = new URL(site.replace(/\/?$/, '/'));
  const image = '<meta property="og:image" content="';
  return html.replace(image, `<meta property="og:url" content="${href}" />\n${image}${href}`);
}

/**
 * Writes the page's modules, and those of the package that they import, as a file for the first view and a few for what is
 * rarely wanted. Resolves to the files that main.js imports at once.
 */
async function bundle(out, deitTinyIsHere) {
  const first = join(source, 'main.js');
  const parts = {
    name: 'parts',
    setup({ onResolve, onLoad }) {
      // What was not marked would be left out where nothing of it is used.
      onResolve({ filter: /^main$/ }, () => ({ path: first, sideEffects: true }));
      onResolve({ filter: /^\./ }, ({ path, resolveDir, kind }) => ({
        path: /\/dist\/\w+\.js$/.test(path) ? join(dist, path.split('/').at(-1)) : join(resolveDir, path),
        pluginData: kind,
      }));
      onLoad({ filter: /\.js$/ }, ({ path, pluginData }) => {
        if (path === join(source, 'site.js'))
          return { contents: `export const deitTinyIsHere = ${deitTinyIsHere};` };
        // What the package fetches stays in a folder of its own.
        const script = readFileSync(path, 'utf8').replaceAll(
          'import.meta.url',
          'new URL("dist/", import.meta.url)',
        );
        // What is fetched later imports all of the first view, which then is one file. Otherwise there would be one for each
        // set of parts that share a module, and small files compress badly.
        const isLater = pluginData === 'dynamic-import' && /^import\b/m.test(script);
        return { contents: isLater ? `${script}\nimport 'main';` : script };
      });
    },
  };
  const options = { format: 'esm', target: 'es2022', minify: true, bundle: true };
  const { metafile } = await esbuild({
    ...options,
    entryPoints: [first],
    outdir: out,
    absWorkingDir: out,
    splitting: true,
    chunkNames: 'part-[hash]',
    plugins: [parts],
    metafile: true,
    // The package's entries import all that they share, also what this page does not use.
    logOverride: { 'ignored-bare-import': 'silent' },
  });
  // Scripts of their own, which workers run.
  const workers = ['service-worker.js', 'inputs/decoder.js'].map((file) => join(source, file));
  await esbuild({ ...options, entryPoints: workers, outdir: out, outbase: source });
  const styles = ['style.css', 'later.css'].map((file) => join(source, file));
  await esbuild({ entryPoints: styles, outdir: out, minify: true, allowOverwrite: true });
  const { imports } = metafile.outputs['main.js'];
  return imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => path);
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
