// What `npm run bench` measured last: against other engines, and beside other kinds of networks.
import { create, milliseconds } from '../dom.js';
import { t } from '../text.js';

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
  const engines = create('div', { className: 'stack', id: 'peers' });
  const networks = create('div', { className: 'stack', id: 'networks' });
  void fill(engines, networks);
  return [
    create('h2', {}, t('Beside other engines')),
    engines,
    create('h2', {}, t('Beside other networks')),
    networks,
  ];
}

async function fill(engines, networks) {
  let hosts;
  try {
    const response = await fetch('bench.json');
    if (!response.ok) throw new Error(`status ${response.status}`);
    hosts = await response.json();
  } catch {
    for (const place of [engines, networks])
      place.replaceChildren(hint(t('The measured figures could not be fetched.')));
    return;
  }
  engines.replaceChildren(...hosts.flatMap(racesOn));
  networks.replaceChildren(...hosts.filter(({ architectures }) => architectures).flatMap(architecturesOn));
}

const hint = (text) => create('p', { className: 'hint' }, text);

/** Networks that everybody knows; others are a click away. */
const wellKnown = /^(Tiny|Base),/;

/** What engines took for the same networks on one machine. */
function racesOn({ date, processor, cores, browser, forward }) {
  const rowOf = (name) => {
    const all = forward.filter((row) => nameOf(row) === name);
    const ours = 'vit-wasm relaxed';
    const ratio = (engine) => all.find((row) => row.name === engine)?.ratios[ours]?.toFixed(2) ?? '–';
    const mine = all.find((row) => row.name === ours);
    return [name, mine ? milliseconds(mine.minimum) : '–', ratio('onnxruntime-web'), ratio('LiteRT.js')];
  };
  const heads = [t('ViT, weights, threads'), 'vit-wasm', 'onnxruntime-web', 'LiteRT.js'];
  const names = [...new Set(forward.map(nameOf))];
  const others = names.filter((name) => !wellKnown.test(name));
  return [
    hint(
      t(
        'Our time divided by theirs; below 1 is faster. Measured on {date}, {processor}, {cores} cores, {browser}.',
        { date, processor, cores, browser: shortly(browser) },
      ),
    ),
    table(heads, names.filter((name) => wellKnown.test(name)).map(rowOf)),
    ...(others.length > 0
      ? [create('details', {}, create('summary', {}, t('Other sizes')), table(heads, others.map(rowOf)))]
      : []),
  ];
}

/** What networks take on one machine, and how accurate they are. */
function architecturesOn({ processor, browser, architectures }) {
  const rows = architectures
    .toSorted((a, b) => a.minimum - b.minimum)
    .map(({ network, name, dtype, minimum, first, best }) => [
      `${network}, ${dtype}`,
      name,
      milliseconds(minimum),
      first[0].toFixed(1),
      best[0].toFixed(1),
    ]);
  return [
    hint(
      t(
        'Convolutional networks on the engines that run them, ViTs on this one: one thread, {processor}, {browser}. Accuracy is top-1 of ImageNet as published: of the first weights, and of the best since.',
        { processor, browser: shortly(browser) },
      ),
    ),
    create('img', {
      src: 'architectures.svg',
      className: 'chart',
      alt: t('Accuracy over time; the table has the figures.'),
    }),
    table([t('Network'), t('Engine'), t('Time'), t('First, %'), t('Best, %')], rows),
  ];
}

const nameOf = ({ model, dtype, threads }) =>
  `${model[0].toUpperCase()}${model.slice(1)}, ${dtype}, ${threads}`;

/** A browser's name with the first part of its version. */
const shortly = (browser) => browser.split('.')[0];
