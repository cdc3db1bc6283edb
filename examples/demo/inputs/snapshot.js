// A picture from the camera, as it is shown: mirrored where the camera is.
import { create, element } from '../dom.js';
import { session } from '../session.js';
import { t } from '../text.js';
import { stopCamera } from './camera.js';
import { use } from './take.js';

let count = 0;

export function startSnapshot() {
  element('snapshot').addEventListener('click', () => {
    const canvas = frameOf(element('video'));
    stopCamera();
    const { width, height } = canvas;
    const name = t('Picture {number} from the camera', { number: ++count });
    use({ source: canvas, shown: canvas, width, height, name });
  });
}

/** The frame that a video shows now. */
export function frameOf(video) {
  const { videoWidth: width, videoHeight: height } = video;
  const canvas = create('canvas', { width, height });
  canvas.getContext('2d').drawImage(video, 0, 0);
  return canvas;
}

/** What is looked at now, as a source that stays as it is: a frame of the camera, or the picture. */
export const currentSource = () => (session.live ? frameOf(element('video')) : session.picture?.source);
