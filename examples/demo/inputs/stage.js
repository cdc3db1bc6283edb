// Where the picture is shown: small enough for the page, with its name below.
import { element } from '../dom.js';
import { session } from '../session.js';
import { t } from '../text.js';
import { shownEdge } from './picture.js';

export function startStage() {
  session.on('picture', showPicture);
}

function showPicture() {
  const { shown, width, height, name } = session.picture;
  const canvas = element('canvas');
  if (shown !== canvas) {
    const scale = Math.min(1, shownEdge / Math.max(shown.width, shown.height));
    canvas.width = Math.max(1, Math.round(scale * shown.width));
    canvas.height = Math.max(1, Math.round(scale * shown.height));
    const context = canvas.getContext('2d');
    context.imageSmoothingQuality = 'high';
    context.drawImage(shown, 0, 0, canvas.width, canvas.height);
  }
  caption(t('{name}, {width} × {height} pixels', { name, width, height }));
}

export function caption(text) {
  element('picture-name').textContent = text;
}

/** Clears the stage: there is no picture any more. */
export function clearStage() {
  const canvas = element('canvas');
  canvas.width = canvas.height = 1;
  caption('');
}

/** The size, in its own pixels, of what the stage shows. */
export function shownSize() {
  const video = element('video');
  if (session.live) return { width: video.videoWidth, height: video.videoHeight };
  return session.picture ?? { width: 1, height: 1 };
}

/** Where the picture lies on the stage, which it fills in one direction only: in CSS pixels of the stage. */
export function shownBox() {
  const { clientWidth, clientHeight } = element('stage');
  const { width, height } = shownSize();
  const scale = Math.min(clientWidth / width, clientHeight / height);
  return {
    x: (clientWidth - scale * width) / 2,
    y: (clientHeight - scale * height) / 2,
    width: scale * width,
    height: scale * height,
    scale,
  };
}

/** A pointer's place in the picture's own pixels; beyond its edges too. */
export function pointIn(event) {
  const { left, top } = element('stage').getBoundingClientRect();
  const { x, y, scale } = shownBox();
  return { x: (event.clientX - left - x) / scale, y: (event.clientY - top - y) / scale };
}
