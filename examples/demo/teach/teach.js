// The Teach tab: classes of the visitor's own, learned from a few pictures of each on the model's embeddings.
import { fewShotFromJSON } from '../dist/index.js';
import { fillBars } from '../answers.js';
import { button, create, element, percent, saveFile, showError } from '../dom.js';
import { isPicture } from '../inputs/picture.js';
import { askInTab } from '../live.js';
import { session } from '../session.js';
import { sentenceOf, t } from '../text.js';
import { classRow, rowOf, rows } from './classes.js';
import { confusionTable } from './confusion.js';
import { exportFolder } from './export.js';

/** The classifier of the model in use; made when the first example is added. */
let own;
let trained = false;
/** One thing after another: examples are added in the order in which they come. */
let queue = Promise.resolve();

export function start(panel) {
  const files = create('input', { type: 'file', accept: '.json', className: 'unseen', id: 'teach-import' });
  files.addEventListener('change', () => {
    const [file] = files.files;
    files.value = '';
    if (file) act(() => restore(file));
  });
  panel.append(
    create(
      'div',
      { className: 'stack' },
      create(
        'p',
        { className: 'hint' },
        t(
          'Name your classes and give each a few pictures: record with the camera, choose, or drop them on a class. The pictures stay here.',
        ),
      ),
      create('div', { className: 'teach-classes', id: 'teach-classes' }),
      button(t('Add a class'), () => addRow().field.focus(), { id: 'teach-add' }),
      create('h2', {}, t('Learn')),
      create(
        'div',
        { className: 'chips' },
        button(t('Train'), () => act(train), { id: 'teach-train', className: '' }),
        button(t('Test on the examples'), () => act(evaluate), { id: 'teach-evaluate' }),
      ),
      create(
        'label',
        {},
        create('input', { type: 'checkbox', id: 'teach-unknown' }),
        ` ${t('It may be none of these')}`,
      ),
      create('p', { className: 'hint', id: 'teach-state', role: 'status' }),
      create('p', { className: 'error', id: 'teach-error', role: 'alert', hidden: true }),
      create('ol', { className: 'answers few', id: 'teach-answers' }),
      create('div', { className: 'scroll', id: 'teach-confusion' }),
      create('h2', {}, t('Keep')),
      create(
        'div',
        { className: 'chips' },
        button(t('Save as JSON'), () => act(saveJSON), { id: 'teach-json' }),
        button(t('Save the model (.zip)'), () => act(saveFolder), { id: 'teach-export' }),
        create('label', { className: 'button quiet' }, files, t('Open JSON')),
      ),
    ),
  );
  element('teach-unknown').addEventListener('change', () => act(classify));
  for (const name of [t('Class 1'), t('Class 2')]) addRow(name);
  session.on('model', forget);
  session.on('examples', () => {
    const { label, files: dropped } = session.examples;
    const row = rowOf(label);
    if (row) void actions.add(row, dropped.filter(isPicture));
  });
  for (const type of ['picture', 'region', 'tab']) {
    session.on(type, () => {
      if (session.tab === 'teach' && !session.live) act(classify);
    });
  }
  askInTab('teach', live);
}

const actions = {
  add: (row, sources) =>
    act(async () => {
      const name = row.field.value.trim();
      checkModel();
      if (!name) throw new Error(t('Give the class a name first.'));
      own ??= session.model.fewShot();
      const onProgress = ({ done, total }) => state(t('{done} of {total} pictures', { done, total }));
      await own.add(name, sources, { onProgress });
      changed();
    }),

  /** Examples stay with the name under which they came. */
  rename(row, name) {
    const old = row.dataset.teach;
    const others = rows().some((other) => other !== row && other.field.value.trim() === name.trim());
    if (own?.labels.includes(old) || others || !name.trim()) {
      row.field.value = old;
      showError(
        'teach-error',
        others
          ? t('There is a class of that name already.')
          : t('This class has examples under its name; remove it, or add another class.'),
      );
    } else row.dataset.teach = name.trim();
  },

  remove: (row) =>
    act(async () => {
      if (own?.labels.includes(row.dataset.teach)) await own.remove(row.dataset.teach);
      row.remove();
      changed();
    }),
};

function addRow(name) {
  let number = rows().length + 1;
  const free = () => t('Class {number}', { number });
  while (!name && rowOf(free())) number++;
  const row = classRow(name ?? free(), actions);
  element('teach-classes').append(row);
  return row;
}

/** Performs an action after all others; what goes wrong is shown, and leaves everything as it was. */
function act(action) {
  queue = queue.then(async () => {
    showError('teach-error');
    try {
      await action();
    } catch (error) {
      state('');
      showError('teach-error', sentenceOf(error));
    }
  });
  return queue;
}

const state = (text) => {
  element('teach-state').textContent = text;
};

/** The examples have changed: what was learned is of the ones before. */
function changed() {
  trained = false;
  for (const row of rows()) {
    const at = own?.labels.indexOf(row.dataset.teach) ?? -1;
    row.count.textContent = at < 0 ? 0 : own.counts[at];
  }
  element('teach-answers').replaceChildren();
  element('teach-confusion').replaceChildren();
  state('');
}

/** What a first glance is taught would be gone a moment later. */
function checkModel() {
  if (!session.model || session.isGlance) throw new Error(t('The model is still loading.'));
}

/** Examples are embeddings of one model, and mean nothing to another. */
function forget() {
  const had = own?.labels.length > 0;
  own = undefined;
  changed();
  if (had) state(t('Another model sees other things: teach it afresh, or open what you saved with it.'));
}

async function train() {
  if (!own) throw new Error(t('Give at least two classes pictures first.'));
  const start = performance.now();
  const { examples, labels } = await own.train();
  trained = true;
  state(
    t('Learned {classes} classes from {examples} pictures in {time} ms.', {
      classes: labels.length,
      examples,
      time: Math.round(performance.now() - start),
    }),
  );
  await classify();
}

const options = () => ({ unknown: element('teach-unknown').checked ? t('none of these') : false });

async function classify() {
  if (!trained || !session.picture || session.live) return;
  const { source } = session.picture;
  put(await own.classify(source, { region: session.region, topK: 8, ...options() }));
}

function put(predictions) {
  fillBars(element('teach-answers'), predictions);
}

const live = {
  answer: async (frame, call) =>
    trained ? await own.classify(frame, { topK: 8, ...options(), ...call }) : [],
  put,
};

async function evaluate() {
  if (!own) throw new Error(t('Give at least two classes pictures first.'));
  const onProgress = ({ done, total }) => state(t('{done} of {total} pictures', { done, total }));
  const { accuracy, examples, labels, confusion } = await own.evaluate({ onProgress });
  state(
    t('{percent} of {examples} examples are recognized by what all the others teach.', {
      percent: percent(accuracy),
      examples,
    }),
  );
  element('teach-confusion').replaceChildren(confusionTable(labels, confusion));
}

function saveJSON() {
  if (!own) throw new Error(t('Give at least two classes pictures first.'));
  saveFile(new Blob([JSON.stringify(own)], { type: 'application/json' }), 'my-classes.json');
}

async function saveFolder() {
  if (!own) throw new Error(t('Give at least two classes pictures first.'));
  state(t('Writing the model …'));
  saveFile(await exportFolder(await own.export()), 'my-model.zip');
  state(t('Drop the file on this page to use it, or unpack it for Python’s transformers.'));
}

async function restore(file) {
  checkModel();
  let json;
  try {
    json = JSON.parse(await file.text());
  } catch (error) {
    throw new Error(t('“{name}” is not JSON that was saved here.', { name: file.name }), { cause: error });
  }
  own = await fewShotFromJSON(session.model, json);
  element('teach-classes').replaceChildren();
  for (const label of own.labels) addRow(label);
  changed();
  trained = json.weights !== undefined || json.method === 'knn';
  state(t('Opened {classes} classes.', { classes: own.labels.length }));
  await classify();
}
