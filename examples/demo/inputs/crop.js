// A part of the picture to look at: drawn with the pointer, or moved and resized with the arrow keys.
import { element, show } from '../dom.js';
import { session } from '../session.js';
import { t } from '../text.js';
import { pointIn, shownBox } from './stage.js';

let start;
/** The part in the picture's pixels, which may not be whole yet. */
let box;

export function startCrop() {
  const layer = element('crop');
  layer.tabIndex = 0;
  layer.setAttribute('role', 'application');
  layer.setAttribute('aria-label', t('Part of the picture: arrows move it, with Shift they resize it'));
  element('cropping').addEventListener('click', () => (layer.hidden ? begin() : leave()));
  layer.addEventListener('pointerdown', (event) => {
    layer.setPointerCapture(event.pointerId);
    start = pointIn(event);
  });
  layer.addEventListener('pointermove', (event) => {
    if (start) put(between(start, pointIn(event)));
  });
  layer.addEventListener('pointerup', () => {
    start = undefined;
    tell();
  });
  layer.addEventListener('keydown', (event) => {
    const [dx, dy] =
      { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [];
    if (dx === undefined) return;
    event.preventDefault();
    const { width, height } = session.picture;
    const [x, y] = [(dx * width) / 20, (dy * height) / 20];
    if (event.shiftKey) put({ ...box, width: box.width + x, height: box.height + y });
    else put({ ...box, x: box.x + x, y: box.y + y });
    tell();
  });
  for (const type of ['picture', 'live', 'refused']) session.on(type, hide);
  new ResizeObserver(() => {
    if (box) place();
  }).observe(element('stage'));
}

function begin() {
  if (!session.picture || session.live) return;
  const { width, height } = session.picture;
  show('crop', true);
  element('cropping').setAttribute('aria-pressed', 'true');
  put({ x: width / 4, y: height / 4, width: width / 2, height: height / 2 });
  element('crop').focus();
  tell();
}

function leave() {
  hide();
  session.tell('region', { region: undefined });
}

function hide() {
  box = undefined;
  show('crop', false);
  element('cropping').setAttribute('aria-pressed', 'false');
}

function between(a, b) {
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return { x, y, width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y) };
}

/** Keeps the part inside of the picture, and shows it. */
function put(wanted) {
  const { width, height } = session.picture;
  const inside = (value, least, most) => Math.min(most, Math.max(least, value));
  const w = inside(wanted.width, Math.min(8, width), width);
  const h = inside(wanted.height, Math.min(8, height), height);
  box = { x: inside(wanted.x, 0, width - w), y: inside(wanted.y, 0, height - h), width: w, height: h };
  place();
}

function place() {
  const { x, y, scale } = shownBox();
  const { style } = element('crop-box');
  style.left = `${x + scale * box.x}px`;
  style.top = `${y + scale * box.y}px`;
  style.width = `${scale * box.width}px`;
  style.height = `${scale * box.height}px`;
}

function tell() {
  if (!box) return;
  const { width, height } = session.picture;
  const x = Math.floor(box.x);
  const y = Math.floor(box.y);
  const region = {
    x,
    y,
    width: Math.min(width - x, Math.max(1, Math.round(box.width))),
    height: Math.min(height - y, Math.max(1, Math.round(box.height))),
  };
  session.tell('region', { region });
}
