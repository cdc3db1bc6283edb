// Code for what the visitor just did, to be copied.
import { element } from './dom.js';
import { session } from './session.js';
import { t } from './text.js';

export function startSnippet() {
  for (const type of ['tab', 'model', 'answers', 'words']) session.on(type, fill);
  element('snippet').addEventListener('change', fill);
  element('copy').addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(element('code').textContent);
      element('copied').textContent = t('Copied.');
    } catch {
      element('copied').textContent = t('This browser does not let the page copy; select the code instead.');
    }
  });
  fill();
}

/** The calls of each tab: `[imports from vit-wasm/features, lines]`, on a model and a picture. */
const calls = {
  classify: () => [[], ['const answers = await model.classify(picture);', 'console.log(answers);']],
  look() {
    const view = element('look-form').elements.look.value;
    const layer = Number(element('layer').value) - 1;
    const rollout = element('rollout').checked ? ', rollout: true' : '';
    const head = element('head').value && !rollout ? `, head: ${element('head').value}` : '';
    return {
      attention: [[], [`const map = await model.attention(picture, { layer: ${layer}${head}${rollout} });`]],
      why: [
        [],
        [
          'const [best] = await model.classify(picture);',
          'const map = await model.explain(picture, best.index);',
        ],
      ],
      similar: [
        ['patchSimilarity'],
        [
          'const tokens = await model.tokens(picture);',
          'const map = patchSimilarity(tokens, { x: 3, y: 5, width: 1, height: 1 });',
        ],
      ],
      colors: [
        ['principalComponents'],
        [
          'const tokens = await model.tokens(picture);',
          'const { image } = principalComponents(tokens, { image: true });',
        ],
      ],
      seen: [[], ['const values = await model.preprocess(picture);']],
      layers: [[], ['const layers = await model.logitLens(picture);']],
      map: [['similarity'], ['const [a, b] = await model.embed([picture, other]);', 'similarity(a, b);']],
    }[view];
  },
  words: () => [[], ['const answers = await model.classify(picture);', 'console.log(answers);']],
  teach: () => [
    [],
    [
      'const own = model.fewShot();',
      "await own.add('mug', [picture, another]);",
      "await own.add('cup', [other]);",
      'await own.train();',
      'const [best] = await own.classify(picture, { unknown: true });',
    ],
  ],
  compare: () => [[], ['const answers = await model.classify(picture);', 'console.log(answers);']],
  python: () => [
    [],
    ['const values = await model.preprocess(picture);', 'const logits = await model.logits(picture);'],
  ],
};

/** What `load` was called with, as it would be written. */
function argumentsOfLoad() {
  const { info } = session.model ?? {};
  if (!info || info.source === 'builtin') return '';
  // What was dropped or chosen has no address: it is served from a folder.
  const known = /^(https?:|\.{0,2}\/|[\w.-]+\/[\w.-]+$)/.test(info.source);
  const options = [
    info.dtype === 'int8' ? "dtype: 'int8'" : '',
    info.words && info.classes ? `labels: ${JSON.stringify(info.labels)}` : '',
  ].filter(Boolean);
  const location = JSON.stringify(known ? info.source : '/my-model/').replaceAll('"', "'");
  return `${location}${options.length ? `, { ${options.join(', ')} }` : ''}`;
}

const indent = (lines, by) => lines.map((line) => ' '.repeat(by) + line).join('\n');

const frames = {
  plain: (features, lines) => `<img id="picture" src="photo.jpg">
<script type="module">
  import { load } from 'https://cdn.jsdelivr.net/npm/vit-wasm/dist/index.js';
${features.length ? `  import { ${features} } from 'https://cdn.jsdelivr.net/npm/vit-wasm/dist/features.js';\n` : ''}
  const model = await load(${argumentsOfLoad()});
  const picture = document.querySelector('#picture');
${indent(lines, 2)}
</script>`,
  vite: (features, lines) => `// npm install vit-wasm
import { load } from 'vit-wasm';
${features.length ? `import { ${features} } from 'vit-wasm/features';\n` : ''}
const model = await load(${argumentsOfLoad()});
const picture = document.querySelector('img');
${indent(lines, 0)}`,
  react: (features, lines) => `// npm install vit-wasm
import { useEffect, useRef } from 'react';
import { useVit } from 'vit-wasm/react';
${features.length ? `import { ${features} } from 'vit-wasm/features';\n` : ''}
export function Picture({ src }) {
  const image = useRef(null);
  const { model } = useVit(${argumentsOfLoad()});
  useEffect(() => {
    async function look() {
      const picture = image.current;
${indent(lines, 6)}
    }
    if (model) void look();
  }, [model, src]);
  return <img ref={image} src={src} />;
}`,
};

function fill() {
  const [features, lines] = calls[session.tab]();
  const frame = element('snippet').querySelector('input:checked').value;
  element('code').textContent = frames[frame](features.join(', '), lines);
  element('copied').textContent = '';
}
