// The code that the demo gives to be copied compiles: of every tab and view, for every place, with every kind of model.
import { expect, it } from '@jest/globals';
import { runInNewContext } from 'node:vm';

import { complaintsOf } from './complaints.js';

interface Asked {
  where: string;
  tab: string;
  info?: object;
  view: string;
  layer: number;
  head: string;
  rollout: boolean;
  patch: { x: number; y: number };
}
const { codeFor } = (await import(
  new URL('../examples/demo/snippet-code.js', import.meta.url).href
)) as unknown as { codeFor: (asked: Asked) => string };

/** As JavaScript that TypeScript looks at. */
const javaScript = { allowJs: true, checkJs: true, strict: false, exactOptionalPropertyTypes: false };
const usual = { view: 'attention', layer: 6, head: '', rollout: false, patch: { x: 3, y: 5 } };
const views = ['attention', 'why', 'similar', 'colors', 'seen', 'layers', 'map'];
const done: Partial<Asked>[] = [
  ...['classify', 'words', 'teach', 'compare', 'python'].map((tab) => ({ tab })),
  ...views.map((view) => ({ tab: 'look', view })),
  { tab: 'look', head: '2' },
  { tab: 'look', head: '2', rollout: true },
];
const models = {
  none: undefined,
  builtin: { source: 'builtin', dtype: 'int8' },
  hub: { source: 'facebook/deit-tiny-patch16-224', dtype: 'int8' },
  dropped: { source: "Ann's model.zip", dtype: 'fp32' },
  words: {
    source: 'openai/clip-vit-base-patch32',
    dtype: 'int8',
    words: true,
    classes: 2,
    labels: ['a "cat" \\', "</script>\nAnn's dog"],
  },
};

/** A plain page's script, importing by the name that the package has here. */
function scriptOf(html: string): string {
  const [, script] = /<script type="module">\n([^]*)<\/script>$/.exec(html)!;
  return script.replace(/https:\/\/cdn\.jsdelivr\.net\/npm\/vit-wasm\/dist\/(\w+)\.js/g, (_, entry) =>
    entry === 'index' ? 'vit-wasm' : `vit-wasm/${entry}`,
  );
}

const sources: Record<string, string> = {};
for (const where of ['plain', 'vite', 'react']) {
  for (const [name, info] of Object.entries(models)) {
    for (const [at, more] of done.entries()) {
      const code = codeFor({ ...usual, tab: 'look', ...more, where, ...(info && { info }) });
      // JavaScript does not say of what a reference is.
      const typed = code.replace('useRef(null)', 'useRef(/** @type {HTMLImageElement} */ (null))');
      sources[`snippet-${where}-${name}-${at}.jsx`] = where === 'plain' ? scriptOf(code) : typed;
    }
  }
}

it('compiles', () => {
  expect(Object.keys(sources)).toHaveLength(3 * 5 * 14);
  expect(complaintsOf(sources, javaScript)).toEqual({});
});

it('would not, if it called what is not there', () => {
  const wrong = sources['snippet-vite-builtin-0.jsx'].replace('classify', 'clasify');
  expect(complaintsOf({ 'wrong.jsx': wrong }, javaScript)).toEqual({
    'wrong.jsx': expect.stringContaining("Property 'clasify' does not exist"),
  });
});

it('names labels as they are, also those that look like code', () => {
  const code = sources['snippet-vite-words-0.jsx'];
  const [, list] = /labels: (\[.*\]) \}/.exec(code)!;
  expect(runInNewContext(list)).toEqual(models.words.labels);
  expect(
    codeFor({ ...usual, where: 'plain', tab: 'classify', info: models.words }).split('</script>'),
  ).toHaveLength(2);
});
