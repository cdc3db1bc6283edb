// The Words tab: classes in words, for models that were trained with captions (CLIP, SigLIP).
import { fillBars } from './answers.js';
import { answersWithClasses } from './ask.js';
import { catalog } from './catalog.js';
import { button, create, debounce, element, percent, showError } from './dom.js';
import { link } from './link.js';
import { loadEntry } from './models.js';
import { session } from './session.js';
import { sentenceOf, t } from './text.js';

const first = [
  'a cup of coffee',
  'a tabby cat',
  'a dog',
  'a pizza',
  'a hamburger',
  'taxis in a street',
  'a rocket',
];
/** Grows with every change of the words: the encoder is asked for the newest only. */
let changes = 0;

export function start(panel) {
  const labels = create('textarea', { id: 'labels', className: 'field', rows: 6, spellcheck: false });
  labels.value = (link.get('words')?.split('|') ?? first).join('\n');
  const template = create('input', {
    id: 'template',
    className: 'field',
    value: link.get('template') ?? 'a photo of {}',
  });
  panel.append(
    create(
      'div',
      { className: 'stack' },
      create('p', { id: 'words-needs', className: 'stack' }),
      create('label', { htmlFor: 'labels' }, t('Classes, one a line')),
      labels,
      create('label', {}, `${t('In the sentence')} `, template),
      create('p', { className: 'hint', id: 'words-state', role: 'status' }),
      create('p', { className: 'error', id: 'words-error', role: 'alert', hidden: true }),
      create('ol', { className: 'answers few', id: 'words-answers' }),
    ),
  );
  const soon = debounce(() => void encode(), 400);
  for (const field of [labels, template]) field.addEventListener('input', soon);
  session.on('model', changed);
  for (const type of ['answers', 'frame']) session.on(type, fill);
  session.on('tab', () => {
    // Chosen under another tab, the model has no words yet.
    if (session.tab === 'words' && session.model?.info.words && !answersWithClasses()) void encode();
  });
  changed();
}

const wanted = () => [
  ...new Set(
    element('labels')
      .value.split('\n')
      .map((line) => line.trim())
      .filter(Boolean),
  ),
];

function changed() {
  const takesWords = session.model?.info.words === true;
  const offers = catalog
    .filter(({ words }) => words)
    .map((entry) => button(`${entry.name}, ${entry.megabytes} MB`, () => void loadEntry(entry)));
  element('words-needs').replaceChildren(
    ...(takesWords
      ? []
      : [
          t(
            'The model in use has its own classes. CLIP and SigLIP take yours, in words (English, for most of them):',
          ),
          create('span', { className: 'chips' }, ...offers),
        ]),
  );
  element('words-state').textContent = '';
  showError('words-error');
  if (takesWords) void encode();
  else fill();
}

async function encode() {
  const mine = ++changes;
  const { model } = session;
  const labels = wanted();
  if (!model?.info.words) return;
  showError('words-error');
  if (labels.length < 2) {
    element('words-state').textContent = t('Write two classes or more.');
    return;
  }
  element('words-state').textContent = t('Encoding {count} texts …', { count: labels.length });
  const start = performance.now();
  try {
    const template = element('template').value.trim();
    await model.setLabels(labels, { template: template.includes('{}') ? template : '{}' });
    if (mine !== changes || model !== session.model) return;
    link.set({ words: labels.join('|'), template: template === 'a photo of {}' ? undefined : template });
    element('words-state').textContent = t(
      '{count} texts encoded in {time} ms; they are the model’s classes now.',
      {
        count: labels.length,
        time: Math.round(performance.now() - start),
      },
    );
    session.tell('words');
  } catch (error) {
    if (mine !== changes) return;
    element('words-state').textContent = '';
    showError('words-error', sentenceOf(error));
  }
}

function fill() {
  const answers = session.model?.info.words ? (session.answers ?? []) : [];
  fillBars(element('words-answers'), answers.slice(0, 8));
  element('words-answers').setAttribute(
    'aria-label',
    answers[0] ? `${answers[0].label}, ${percent(answers[0].probability)}` : t('Answers'),
  );
}
