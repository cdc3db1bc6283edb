// `npm run tokenizers -- [FIRST]`: ten thousand texts from number FIRST on, in two dozen scripts, through our tokenizers and
// Python's (tests/golden/word_tokenizers.py says what it needs), one by one; prints what differs. `VIT_PYTHON` names the
// Python. The texts from 0 on are those of the tests, which have checksums of Python's answers.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { main, root, run } from './shell.mjs';

const workshop = join(root, 'build/tokenizers');
/** Of each tokenizer, at most so many differences are printed. */
const mostShown = 20;

await main(import.meta, async () => {
  const first = process.argv[2] ?? '0';
  mkdirSync(workshop, { recursive: true });
  const answers = join(workshop, 'answers.json');
  const script = join(root, 'tests/golden/word_tokenizers.py');
  run(process.env.VIT_PYTHON ?? 'python3', [script, '--texts', answers, '--first', first]);
  const { texts, ids } = JSON.parse(readFileSync(answers, 'utf8'));
  for (const [name, encode] of Object.entries(await ourTokenizers())) {
    const different = texts.flatMap((text, at) => {
      const ours = encode(text).join(' ');
      const theirs = ids[name][at].join(' ');
      return ours === theirs ? [] : [`${at} ${JSON.stringify(text)}\n  ours   ${ours}\n  Python ${theirs}`];
    });
    for (const one of different.slice(0, mostShown)) console.log(`${name} ${one}`);
    console.log(`${name}: ${different.length} of ${texts.length} differ`);
  }
});

/** Those of tests/words/tokenizers.ts, bundled where their fixtures are found from. */
async function ourTokenizers() {
  const outfile = join(root, 'build/words/tokenizers.mjs');
  buildSync({
    entryPoints: [join(root, 'tests/words/tokenizers.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(join(root, 'tests/words/tokenizers.ts'))) },
    logLevel: 'error',
  });
  const { tokenizersOf } = await import(outfile);
  return await tokenizersOf();
}
