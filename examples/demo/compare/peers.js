// What `npm run bench` measured last, against other engines; and other kinds of networks by their published figures.
import { create } from '../dom.js';
import { t } from '../text.js';

/** Top-1 of ImageNet in per cent, parameters in millions, multiply-adds in 10⁹, as the authors of each publish them. */
const networks = [
  ['MobileNetV2', '72.0', '3.4', '0.3', 'Sandler et al. 2018'],
  ['MobileNetV3 Large', '75.2', '5.4', '0.2', 'Howard et al. 2019'],
  ['DeiT-Tiny', '72.2', '5.7', '1.3', 'Touvron et al. 2021'],
  ['DeiT-Small', '79.9', '22', '4.6', 'Touvron et al. 2021'],
  ['ResNet-50', '76.1', '25.6', '4.1', 'He et al. 2015 (torchvision)'],
  ['DeiT-Base', '81.8', '86', '17.6', 'Touvron et al. 2021'],
];

const table = (heads, rows) =>
  create(
    'div',
    { className: 'scroll', tabIndex: 0, role: 'region', ariaLabel: heads[0] },
    create(
      'table',
      {},
      create('thead', {}, create('tr', {}, ...heads.map((text) => create('th', { scope: 'col' }, text)))),
      create(
        'tbody',
        {},
        ...rows.map(([name, ...cells]) =>
          create(
            'tr',
            {},
            create('th', { scope: 'row' }, name),
            ...cells.map((text) => create('td', { className: 'number' }, text)),
          ),
        ),
      ),
    ),
  );

export function peers() {
  const measured = create('div', { className: 'stack', id: 'peers' });
  void fill(measured);
  return [
    create('h2', {}, t('Beside other engines')),
    measured,
    create('h2', {}, t('Beside other networks')),
    create(
      'p',
      { className: 'hint' },
      t(
        'As their authors publish them: convolutions need fewer multiplications for the same accuracy; transformers are what is trained on the most data now.',
      ),
    ),
    table([t('Network'), t('ImageNet, %'), t('Parameters, M'), t('Multiply-adds, G'), t('Source')], networks),
  ];
}

async function fill(place) {
  let results;
  try {
    const response = await fetch('bench.json');
    if (!response.ok) throw new Error(`status ${response.status}`);
    results = await response.json();
  } catch {
    place.replaceChildren(
      create('p', { className: 'hint' }, t('The measured figures could not be fetched.')),
    );
    return;
  }
  const { date, processor, cores, chromium, forward } = results;
  const groups = Map.groupBy
    ? Map.groupBy(forward, keyOf)
    : forward.reduce((map, row) => map.set(keyOf(row), [...(map.get(keyOf(row)) ?? []), row]), new Map());
  const rows = [...groups].map(([key, all]) => {
    const ours = 'vit-wasm relaxed';
    const ratio = (name) => all.find((row) => row.name === name)?.ratios[ours]?.toFixed(2) ?? '–';
    const mine = all.find(({ name }) => name === ours);
    return [key, mine ? `${mine.minimum.toFixed(1)} ms` : '–', ratio('onnxruntime-web'), ratio('LiteRT.js')];
  });
  place.replaceChildren(
    create(
      'p',
      { className: 'hint' },
      t(
        'Our time divided by theirs; below 1 is faster. Measured on {date}, {processor}, {cores} cores, Chromium {chromium}.',
        {
          date,
          processor,
          cores,
          chromium: chromium.split('.')[0],
        },
      ),
    ),
    table([t('ViT, weights, threads'), 'vit-wasm', 'onnxruntime-web', 'LiteRT.js'], rows),
  );
}

const keyOf = ({ model, dtype, threads }) =>
  `${model[0].toUpperCase()}${model.slice(1)}, ${dtype}, ${threads}`;
