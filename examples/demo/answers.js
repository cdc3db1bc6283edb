// The five bars, what a screen reader hears of them, and the search among all classes.
import { answersWithClasses } from './ask.js';
import { create, debounce, element, percent, show } from './dom.js';
import { session } from './session.js';
import { t } from './text.js';

/** A first answer below this is a guess. Of the built-in model's answers below it, more than half are wrong. */
const sure = 0.4;
/** More rows than anybody reads, and few enough to be drawn while somebody types. */
const mostFound = 200;

export function startAnswers() {
  for (const type of ['answers', 'frame']) session.on(type, () => showAnswers(session.answers));
  session.on('refused', () => showAnswers(undefined));
  session.on('model', search);
  element('search').addEventListener('input', search);
}

/** Highest first. The rows are used again, so that the bars grow and shrink instead of jumping. */
export function showAnswers(answers = []) {
  fillBars(element('answers'), answers.slice(0, 5));
  element('answers').classList.remove('stale');
  tellUnsure(answers);
  speak(answers.slice(0, 5));
  search();
}

function tellUnsure([best]) {
  const words = session.model?.info.words;
  const none = session.model && !answersWithClasses();
  // Of a first glance, the line that says what is being loaded tells as much, and this one would move the page.
  show('unsure', none || (best?.probability < sure && !session.isGlance));
  element('unsure').textContent = none
    ? words
      ? t('This model has no classes yet: write some under “Words”.')
      : t('This model has no classes: it gives embeddings. Look inside it, or teach it classes of your own.')
    : t(
        'Not sure: no class is more probable than {percent}. It may be something that the model does not know.',
        {
          percent: percent(best?.probability ?? 0),
        },
      );
}

/** A row for each prediction, with a bar that moves to its new length. */
export function fillBars(list, predictions, row = newRow) {
  while (list.children.length > predictions.length) list.lastElementChild.remove();
  while (list.children.length < predictions.length) list.append(row());
  predictions.forEach(({ label, probability }, at) => {
    const item = list.children[at];
    item.querySelector('.label').textContent = label;
    item.querySelector('.percent').textContent = percent(probability);
    // From the next frame on, because a bar that was only just added would not move.
    requestAnimationFrame(() => item.querySelector('i').style.setProperty('--share', probability));
  });
}

function newRow() {
  const line = create(
    'div',
    { className: 'line' },
    create('span', { className: 'label' }),
    create('span', { className: 'percent' }),
  );
  return create('li', {}, line, create('div', { className: 'bar' }, create('i')));
}

let spoken;
/** Of a camera, a screen reader hears only when something else comes first. */
function speak(predictions) {
  const best = predictions[0]?.label;
  if (session.live && best === spoken) return;
  spoken = best;
  element('spoken').textContent = predictions
    .map(({ label, probability }) => `${label}, ${percent(probability)}`)
    .join('; ');
}

const searchSoon = debounce(fillClasses, 100);
/** A thousand rows are not drawn again for each frame of a camera. */
function search() {
  if (session.live) searchSoon();
  else fillClasses();
}

function fillClasses() {
  const { model, answers } = session;
  const { labels = [] } = model?.info ?? {};
  const wanted = element('search').value.trim().toLowerCase();
  const all = answers?.length ? answers : labels.map((label) => ({ label }));
  const found = all.filter(({ label }) => label.toLowerCase().includes(wanted));
  element('found').textContent = labels.length
    ? t('{found} of {all} classes', { found: found.length, all: labels.length })
    : '';
  element('classes').replaceChildren(
    ...found
      .slice(0, mostFound)
      .map(({ label, probability }) =>
        create(
          'li',
          {},
          create('span', {}, label),
          create('span', { className: 'percent' }, probability === undefined ? '' : percent(probability)),
        ),
      ),
  );
}
