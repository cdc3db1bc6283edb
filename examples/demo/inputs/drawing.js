// A canvas to draw on: what is on it is classified after every stroke.
import { create, element, show } from '../dom.js';
import { session } from '../session.js';
import { t } from '../text.js';
import { stopCamera } from './camera.js';
import { pointIn } from './stage.js';
import { use } from './take.js';

const edge = 448;
/** What is drawn on; a new one for every picture, because those of this visit stay. */
let sheet;
let pen;

export function startDrawing() {
  element('draw').addEventListener('click', () => (sheet ? leave() : begin()));
  element('wipe').addEventListener('click', begin);
  const stage = element('stage');
  stage.addEventListener('pointerdown', (event) => {
    if (!sheet || event.button !== 0) return;
    stage.setPointerCapture(event.pointerId);
    pen = pointIn(event);
    line(pen);
  });
  stage.addEventListener('pointermove', (event) => {
    if (pen) line(pointIn(event));
  });
  for (const type of ['pointerup', 'pointercancel']) {
    stage.addEventListener(type, () => {
      if (pen) lift();
    });
  }
  // Any other picture ends the drawing.
  session.on('picture', () => {
    if (sheet && session.picture.source !== sheet) leave();
  });
  session.on('live', () => {
    if (session.live) leave();
  });
}

function begin() {
  stopCamera();
  sheet = create('canvas', { width: edge, height: edge });
  const context = sheet.getContext('2d');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, edge, edge);
  element('draw').setAttribute('aria-pressed', 'true');
  element('stage').classList.add('drawn-on');
  show('drawing', true);
  lift();
}

function leave() {
  sheet = pen = undefined;
  element('draw').setAttribute('aria-pressed', 'false');
  element('stage').classList.remove('drawn-on');
  show('drawing', false);
}

/** Draws on the sheet, and on the stage, which shows it. */
function line(to) {
  for (const canvas of [sheet, element('canvas')]) {
    const context = canvas.getContext('2d');
    context.strokeStyle = element('pen-color').value;
    context.lineWidth = Number(element('pen-width').value);
    context.lineCap = 'round';
    context.beginPath();
    context.moveTo(pen.x, pen.y);
    context.lineTo(to.x, to.y);
    context.stroke();
  }
  pen = to;
}

function lift() {
  pen = undefined;
  use({
    source: sheet,
    shown: sheet,
    width: edge,
    height: edge,
    name: t('Your drawing'),
    drawing: true,
  });
}
