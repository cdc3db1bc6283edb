// "Look inside": which view is chosen, and drawing it whenever the picture, the model or the choice changes.
import { element, showError } from '../dom.js';
import { shownSize } from '../inputs/stage.js';
import { link } from '../link.js';
import { askInTab, classes } from '../live.js';
import { session } from '../session.js';
import { sentenceOf, t } from '../text.js';
import { attention } from './attention.js';
import { colors } from './colors.js';
import { lookForm } from './form.js';
import { layers } from './layers.js';
import { map } from './map.js';
import { clearOverlay } from './overlay.js';
import { seen } from './seen.js';
import { similar } from './similar.js';
import { why } from './why.js';

/**
 * A view has `ask(model, source, options)`, which promises what is to be drawn, and `draw(found, size)`, which draws it
 * and returns a sentence about it. `open` and `close` show and hide its switches; `reset` forgets what belongs to a
 * model. `live` says whether it follows a camera.
 */
const views = { attention, why, similar, colors, seen, layers, map };
/** Grows with everything that is asked: what a newer question has overtaken is dropped. */
let asked = 0;
let open;

export function start(panel) {
  panel.append(...lookForm());
  const form = element('look-form');
  const wanted = link.get('look');
  form.elements.look.value = wanted in views ? wanted : 'attention';
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('change', choose);
  for (const view of Object.values(views)) view.start?.(refresh);
  session.on('model', resetViews);
  resetViews();
  for (const type of ['tab', 'answers', 'live']) session.on(type, choose);
  for (const type of ['refused', 'picture']) session.on(type, clear);
  askInTab('look', liveQuestion);
  choose();
}

function resetViews() {
  for (const view of Object.values(views)) if (session.model) view.reset?.(session.model.info);
}

const currentView = () =>
  session.tab === 'look' ? views[element('look-form').elements.look.value] : undefined;

function choose() {
  const view = currentView();
  if (open !== view) {
    open?.close?.();
    element('figure').replaceChildren();
    element('look-text').textContent = '';
    open = view;
    clear();
  }
  view?.open?.();
  const name = element('look-form').elements.look.value;
  link.set({ look: name === 'attention' ? undefined : name });
  session.tell('view');
  void refresh();
}

/** Asks and draws again; frames of a camera are asked about by the camera's own loop. */
async function refresh() {
  const mine = ++asked;
  const view = currentView();
  const { model, picture, region, live } = session;
  showError('look-error');
  if (!view || !model || !picture || live) return;
  try {
    const found = await view.ask(model, picture.source, { region });
    if (mine === asked) put(view, found, region);
  } catch (error) {
    if (mine === asked) fail(error);
  }
}

function put(view, found) {
  if (!found) return clear();
  element('look-text').textContent = view.draw(found, shownSize()) ?? '';
}

function fail(error) {
  clear();
  element('look-text').textContent = '';
  showError('look-error', sentenceOf(error));
}

function clear() {
  asked++;
  clearOverlay();
}

/** What the open view wants of a frame of the camera, beside its classes. */
const liveQuestion = {
  async answer(frame, options) {
    const view = currentView();
    const answers = await classes.answer(frame, options);
    return { answers, view, found: view?.live && (await view.ask(session.model, frame, options)) };
  },
  put({ answers, view, found }) {
    classes.put(answers);
    if (!view || view !== currentView()) return;
    if (view.live) put(view, found);
    else element('look-text').textContent = t('This view is of pictures; stop the camera.');
  },
};
