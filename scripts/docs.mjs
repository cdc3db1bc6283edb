// The API reference, made of the comments in web/: a folder of pages, build/docs, which the demo links to as docs/.
// typedoc.json says what goes in; a public name without a comment is an error.
import { join } from 'node:path';
import { main, root, run } from './shell.mjs';

export const docs = join(root, 'build/docs');

export function makeDocs() {
  run(join(root, 'node_modules/.bin/typedoc'), ['--out', docs, '--logLevel', 'Warn']);
}

await main(import.meta, makeDocs);
