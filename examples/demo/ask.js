// Asks the model what is in the picture: whenever there is another picture, another part of it, or another model.
import { element, showError } from './dom.js';
import { session } from './session.js';
import { sentenceOf, t } from './text.js';
import { clearTimes, setTimes } from './times.js';

/** Grows with every question: what a newer one has overtaken is dropped. */
let questions = 0;

export function startAsking() {
  for (const type of ['picture', 'model', 'region', 'words', 'live']) session.on(type, () => void ask());
  session.on('refused', () => {
    questions++;
    clearTimes();
  });
}

/** How the model in use can be asked for classes: not at all if it has none. */
export const answersWithClasses = () => session.model?.info.classes > 0;

async function ask() {
  const mine = ++questions;
  const { model, picture, region, live } = session;
  if (!model || !picture || live) return;
  if (!answersWithClasses()) return session.tell('answers', { answers: [] });
  element('answers').classList.add('stale');
  clearTimes();
  showError('picture-error');
  const start = performance.now();
  try {
    const answers = await model.classify(picture.source, { topK: model.info.classes, region });
    if (mine !== questions) return;
    const first = performance.now() - start;
    session.tell('answers', { answers });
    await setTimes({ model, picture, region, first, current: () => mine === questions });
  } catch (error) {
    if (mine !== questions) return;
    session.tell('answers', { answers: undefined });
    showError(
      'picture-error',
      error.code === 'disposed' ? t('The model was replaced; try again.') : sentenceOf(error),
    );
  }
}
