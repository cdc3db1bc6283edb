// The pictures of this visit: a row of small ones, to come back to.
import { create, element } from '../dom.js';
import { session } from '../session.js';
import { t } from '../text.js';
import { use } from './take.js';

/** More would not be found again, and take memory. */
const most = 40;
/** `{ picture, thumbnail, button }`, the oldest first. */
export const visited = [];

export function startVisit() {
  session.on('picture', () => {
    const { picture } = session;
    // A drawing is there once, however many strokes it has.
    if (!visited.some((one) => one.picture.source === picture.source || same(one.picture, picture)))
      add(picture);
    for (const one of visited) {
      const current = one.picture.source === picture.source || same(one.picture, picture);
      if (current && picture.drawing) draw(one.thumbnail, picture.shown);
      one.button.setAttribute('aria-pressed', current);
    }
  });
}

const same = (a, b) => a.sample !== undefined && a.sample === b.sample;

function add(picture) {
  const thumbnail = create('canvas', { width: 96, height: 96 });
  draw(thumbnail, picture.shown);
  const made = create(
    'button',
    { type: 'button', title: picture.name, aria: { label: t('Back to {name}', { name: picture.name }) } },
    thumbnail,
  );
  made.addEventListener('click', () => use(picture));
  visited.push({ picture, thumbnail, button: made });
  element('visit').append(made);
  if (visited.length > most) {
    const [old] = visited.splice(0, 1);
    old.picture.shown.close?.();
    old.button.remove();
  }
  // One picture is on the stage already.
  element('visit').classList.toggle('several', visited.length > 1);
  element('visit').scrollLeft = element('visit').scrollWidth;
}

/** Draws the middle of a picture, filling the square. */
function draw(canvas, shown) {
  const edge = Math.min(shown.width, shown.height);
  const [x, y] = [(shown.width - edge) / 2, (shown.height - edge) / 2];
  canvas.getContext('2d').drawImage(shown, x, y, edge, edge, 0, 0, canvas.width, canvas.height);
}
