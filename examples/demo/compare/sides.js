// Two models, or one in two precisions, on the same picture.
import { fillBars } from '../answers.js';
import { catalog } from '../catalog.js';
import { button, create, element, milliseconds, percent, show, showError } from '../dom.js';
import { lastLoaded, loadAnyDtype, optionsOf } from '../models.js';
import { session } from '../session.js';
import { sentenceOf, t } from '../text.js';

/** The model on the right, and its name. */
let other;
let loading;

export function sides() {
  const choice = create('select', { id: 'other', className: 'field' });
  choice.append(
    ...['int8', 'fp32'].map((dtype) =>
      create('option', { value: `same:${dtype}` }, t('the same in {dtype}', { dtype })),
    ),
    ...catalog.map(({ id, name, megabytes }) =>
      create('option', { value: id }, `${t(name)}, ${megabytes} MB`),
    ),
  );
  for (const type of ['answers', 'model']) session.on(type, () => void compare());
  return [
    create('h2', {}, t('Side by side')),
    create(
      'form',
      {
        className: 'row',
        onsubmit: (event) => {
          event.preventDefault();
          void begin(choice.value);
        },
      },
      create('label', {}, `${t('Compare with')} `, choice),
      create('button', { id: 'compare-start' }, t('Load')),
      button(t('Cancel'), () => loading?.abort(), { id: 'compare-cancel', hidden: true }),
    ),
    create('p', { className: 'hint', id: 'compare-state', role: 'status' }),
    create('p', { className: 'error', id: 'compare-error', role: 'alert', hidden: true }),
    create('div', { className: 'sides', id: 'sides', hidden: true }, side('left'), side('right')),
  ];
}

const side = (name) =>
  create(
    'div',
    {},
    create('h3', { id: `${name}-name` }),
    create('ol', { className: 'answers few', id: `${name}-answers` }),
    create('p', { className: 'hint', id: `${name}-time` }),
  );

async function begin(value) {
  loading?.abort();
  const { signal } = (loading = new AbortController());
  showError('compare-error');
  show('compare-cancel', true);
  try {
    const [same, dtype] = value.startsWith('same:') ? [lastLoaded(), value.slice(5)] : [];
    const entry = same ? same.entry : catalog.find(({ id }) => id === value);
    const location = same ? same.location : entry.location;
    const onProgress = ({ overall: { loaded, total } }) => {
      if (Number.isFinite(total)) state(t('Loading: {percent}', { percent: percent(loaded / total) }));
    };
    const model = await loadAnyDtype(location, { ...optionsOf(entry, dtype), signal, onProgress });
    if (dtype && model.info.dtype !== dtype) {
      model.dispose();
      throw new Error(t('The files of this model hold int8 weights, which cannot become fp32.'));
    }
    other?.model.dispose();
    other = { model, name: same ? `${same.name}, ${dtype}` : t(entry.name) };
    await compare();
  } catch (error) {
    if (!signal.aborted) showError('compare-error', sentenceOf(error));
    state('');
  } finally {
    if (loading?.signal === signal) show('compare-cancel', false);
  }
}

const state = (text) => {
  element('compare-state').textContent = text;
};

async function compare() {
  const { model, modelName, picture, region } = session;
  show('sides', other !== undefined && picture !== undefined);
  if (!other || !model || !picture) return;
  const mine = other;
  try {
    const left = await measured(model, picture, region);
    const right = await measured(mine.model, picture, region);
    if (mine !== other || picture !== session.picture) return;
    put('left', `${modelName}, ${model.info.dtype}`, left);
    put('right', mine.name, right);
    const [a, b] = [left.answers[0]?.label, right.answers[0]?.label];
    state(a === b ? t('Both say “{label}”.', { label: a }) : t('One says “{a}”, the other “{b}”.', { a, b }));
  } catch (error) {
    if (error.code !== 'disposed') showError('compare-error', sentenceOf(error));
  }
}

/** The second call's time: the first is slower, because nothing is compiled yet. */
async function measured(model, { source }, region) {
  if (model.info.classes === 0) throw new Error(t('One of the two has no classes.'));
  await model.classify(source, { region });
  const start = performance.now();
  const answers = await model.classify(source, { region });
  return { answers, time: performance.now() - start };
}

function put(name, title, { answers, time }) {
  element(`${name}-name`).textContent = title;
  fillBars(element(`${name}-answers`), answers);
  element(`${name}-time`).textContent = milliseconds(time);
}
