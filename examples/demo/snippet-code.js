// The code that the page gives to be copied, as text.

/** The calls of each tab: `[imports from vit-wasm/features, lines]`, on a model and a picture. */
const calls = {
  classify: () => [[], ['const answers = await model.classify(picture);', 'console.log(answers);']],
  look({ view, layer, head, rollout, patch }) {
    const which = [
      `layer: ${layer}`,
      ...(rollout ? ['rollout: true'] : []),
      ...(head && !rollout ? [`head: ${head}`] : []),
    ];
    return {
      attention: [
        [],
        [
          `const map = await model.attention(picture, { ${which.join(', ')} });`,
          'console.log(map.data, map.box);',
        ],
      ],
      why: [
        [],
        [
          'const [best] = await model.classify(picture);',
          'const map = await model.explain(picture, best.index);',
          'console.log(best.label, map.data, map.box);',
        ],
      ],
      similar: [
        ['patchSimilarity'],
        [
          'const tokens = await model.tokens(picture);',
          `const map = patchSimilarity(tokens, { x: ${patch.x}, y: ${patch.y}, width: 1, height: 1 });`,
          'console.log(map.data);',
        ],
      ],
      colors: [
        ['principalComponents'],
        [
          'const tokens = await model.tokens(picture);',
          'const { image } = principalComponents(tokens, { image: true });',
          'console.log(image);',
        ],
      ],
      seen: [[], ['const values = await model.preprocess(picture);', 'console.log(values);']],
      layers: [
        [],
        [
          'for (const { layer, predictions } of await model.logitLens(picture)) {',
          '  console.log(layer, predictions[0].label);',
          '}',
        ],
      ],
      map: [
        ['similarity'],
        ["const [a, b] = await model.embed([picture, 'another.jpg']);", 'console.log(similarity(a, b));'],
      ],
    }[view];
  },
  words: () => [[], ['const answers = await model.classify(picture);', 'console.log(answers);']],
  teach: () => [
    [],
    [
      'const own = model.fewShot();',
      "await own.add('mug', ['mug-1.jpg', 'mug-2.jpg']);",
      "await own.add('cup', ['cup-1.jpg', 'cup-2.jpg']);",
      'await own.train();',
      'const [best] = await own.classify(picture, { unknown: true });',
      'console.log(best);',
    ],
  ],
  compare: () => [[], ['const answers = await model.classify(picture);', 'console.log(answers);']],
  python: () => [
    [],
    [
      'const values = await model.preprocess(picture);',
      'const logits = await model.logits(picture);',
      'console.log(values, logits);',
    ],
  ],
};

/** Text as a string of JavaScript, which may also stand in a page. */
const quoted = (text) =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'").replaceAll('<', '\\x3C')}'`;

/** What `load` was called with, as it would be written. */
function argumentsOfLoad(info) {
  if (!info || info.source === 'builtin') return '';
  // What was dropped or chosen has no address: it is served from a folder.
  const known = /^(https?:|\.{0,2}\/|[\w.-]+\/[\w.-]+$)/.test(info.source);
  const options = [
    info.dtype === 'int8' ? "dtype: 'int8'" : '',
    info.words && info.classes ? `labels: [${info.labels.map(quoted).join(', ')}]` : '',
  ].filter(Boolean);
  return `${quoted(known ? info.source : '/my-model/')}${options.length ? `, { ${options.join(', ')} }` : ''}`;
}

const indent = (lines, by) => lines.map((line) => ' '.repeat(by) + line).join('\n');

const frames = {
  plain: (load, features, lines) => `<img src="photo.jpg">
<script type="module">
  import { load } from 'https://cdn.jsdelivr.net/npm/vit-wasm/dist/index.js';
${features.length ? `  import { ${features} } from 'https://cdn.jsdelivr.net/npm/vit-wasm/dist/features.js';\n` : ''}
  const model = await load(${load});
  const picture = document.querySelector('img');
${indent(lines, 2)}
</script>`,
  vite: (load, features, lines) => `// npm install vit-wasm
import { load } from 'vit-wasm';
${features.length ? `import { ${features} } from 'vit-wasm/features';\n` : ''}
const model = await load(${load});
const picture = document.querySelector('img');
${indent(lines, 0)}`,
  react: (load, features, lines) => `// npm install vit-wasm
import { useEffect, useRef } from 'react';
import { useVit } from 'vit-wasm/react';
${features.length ? `import { ${features} } from 'vit-wasm/features';\n` : ''}
export function Picture({ src }) {
  const shown = useRef(null);
  const { model } = useVit(${load});
  useEffect(() => {
    async function look() {
      const picture = shown.current;
${indent(lines, 6)}
    }
    if (model) void look();
  }, [model, src]);
  return <img ref={shown} src={src} />;
}`,
};

/**
 * What the visitor just did, as code. `where` is plain, vite or react; `info` is the model's; of the tab that looks inside,
 * `view` is the one that is open, with its `layer` (from 0), `head` (text, empty: all), `rollout` and `patch`.
 */
export function codeFor({ where, tab, info, ...look }) {
  const [features, lines] = calls[tab](look);
  return frames[where](argumentsOfLoad(info), features.join(', '), lines);
}
