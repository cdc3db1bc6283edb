// How fast the model in use is here: both precisions, one thread and all of them, taking turns.
import { barChart, chartPicture } from '../chart.js';
import { button, create, element, milliseconds, saveFile, show, showError } from '../dom.js';
import { lastLoaded, loadAnyDtype, optionsOf } from '../models.js';
import { session } from '../session.js';
import { sentenceOf, t } from '../text.js';

const rounds = 12;
let running;

export function benchmark() {
  return [
    create('h2', {}, t('Benchmark on this machine')),
    create(
      'div',
      { className: 'chips' },
      button(t('Run it'), () => void run(), { id: 'bench-run', className: '' }),
      button(t('Cancel'), () => running?.abort(), { id: 'bench-cancel', hidden: true }),
      button(t('Save the chart'), () => void save(), { id: 'bench-save', hidden: true }),
    ),
    create('p', { className: 'hint', id: 'bench-state', role: 'status' }),
    create('p', { className: 'error', id: 'bench-error', role: 'alert', hidden: true }),
    create('div', { id: 'bench-chart', className: 'scroll' }),
  ];
}

const state = (text) => {
  element('bench-state').textContent = text;
};

async function run() {
  if (!session.model || !session.picture) return;
  const { signal } = (running = new AbortController());
  const { name, location, entry } = lastLoaded();
  const competitors = [];
  showError('bench-error');
  element('bench-run').disabled = true;
  show('bench-cancel', true);
  try {
    const most = session.model.info.threads;
    for (const dtype of ['fp32', 'int8']) {
      for (const threads of most > 1 ? [1, most] : [1]) {
        state(t('Loading: {dtype}, {threads} threads', { dtype, threads }));
        const model = await loadAnyDtype(location, { ...optionsOf(entry, dtype), threads, signal });
        competitors.push({
          model,
          times: [],
          name: `${model.info.dtype}, ${t('{threads} threads', { threads })}`,
        });
        // Files of int8 weights are nothing else.
        if (model.info.dtype !== dtype) {
          competitors.pop().model.dispose();
          break;
        }
      }
    }
    await race(competitors, session.picture.source, signal);
    put(name, competitors);
  } catch (error) {
    state('');
    if (!signal.aborted) showError('bench-error', sentenceOf(error));
  } finally {
    for (const { model } of competitors) model.dispose();
    element('bench-run').disabled = false;
    show('bench-cancel', false);
  }
}

/** Everybody runs once in each round, so that what disturbs the machine disturbs all alike. */
async function race(competitors, source, signal) {
  // Decoding is no part of the model, and the same for all.
  const bitmap = source instanceof Blob ? await createImageBitmap(source) : source;
  for (const { model } of competitors) await model.warmup();
  for (let round = 0; round < rounds; round++) {
    state(t('Round {round} of {rounds}', { round: round + 1, rounds }));
    for (const { model, times } of competitors) {
      const start = performance.now();
      await model.logits(bitmap, { signal });
      times.push(performance.now() - start);
    }
  }
}

function put(name, competitors) {
  const bars = competitors.map(({ name: text, times }) => {
    const value = times.toSorted((a, b) => a - b)[times.length >> 1];
    return { name: text, value, text: milliseconds(value) };
  });
  const told = bars.map(({ name: text, text: time }) => `${text}: ${time}`).join('; ');
  element('bench-chart').replaceChildren(barChart(bars, { label: `${name}. ${told}` }));
  state(
    t('{name}: median of {rounds} pictures, preprocessing included, {cores} cores, {date}.', {
      name,
      rounds,
      cores: navigator.hardwareConcurrency,
      date: new Date().toISOString().slice(0, 10),
    }),
  );
  show('bench-save', true);
}

async function save() {
  const chart = element('bench-chart').querySelector('svg');
  saveFile(await chartPicture(chart, element('bench-state').textContent), 'vit-wasm-benchmark.png');
}
