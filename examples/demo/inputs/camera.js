// The camera: its newest frame, again and again, answered by whatever the open tab asks.
import { element, milliseconds, show, showError } from '../dom.js';
import { session } from '../session.js';
import { sentenceOf, t } from '../text.js';
import { caption } from './stage.js';

let watching;
/** What is asked of a frame, and what is done with the answer. */
let ask;

/** `question` has `answer(frame, options)`, a promise, and `put(value)`. */
export function startCamera(question) {
  ask = question;
  element('camera').addEventListener('click', () => (watching ? stopCamera() : void run()));
  // Another model answers from now on; the camera goes on.
  session.on('model', () => {
    if (watching) void run();
  });
  for (const type of ['picture', 'refused']) session.on(type, stopCamera);
}

/** Starts the camera, or goes on with another model; says why where there is none. */
async function run() {
  const old = watching;
  const mine = (watching = new AbortController());
  const video = element('video');
  if (old) old.abort('another model');
  try {
    const stream = await streamOf(video);
    if (watching !== mine) return;
    const facing = stream.getVideoTracks()[0]?.getSettings().facingMode;
    // As in a mirror, unless the camera looks away from who holds it.
    element('stage').classList.toggle('mirrored', facing !== 'environment');
    seen(true);
    showError('picture-error');
    caption(t('The camera'));
    session.tell('live', { live: true, region: undefined });
    void answer(mine.signal);
  } catch (error) {
    if (watching !== mine) return;
    stopCamera();
    const refused = {
      NotAllowedError: 'The camera was not allowed: the browser’s settings for this page say so.',
      NotFoundError: 'There is no camera.',
      NotReadableError: 'Another program is using the camera.',
    };
    showError('picture-error', refused[error.name] ? t(refused[error.name]) : sentenceOf(error));
  }
}

async function streamOf(video) {
  if (video.srcObject?.active) return video.srcObject;
  if (!navigator.mediaDevices) throw new DOMException('', 'NotFoundError');
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  video.srcObject = stream;
  await video.play();
  return stream;
}

async function answer(signal) {
  const { model } = session;
  if (!model) return;
  try {
    const verb = (frame, options) => ask.answer(frame, options);
    for await (const { value, fps, latency } of model.watch(element('video'), { verb, signal })) {
      ask.put(value);
      element('rate').textContent = t('{fps} answers per second, each {latency} old', {
        fps: fps.toFixed(1),
        latency: milliseconds(latency),
      });
    }
  } catch (error) {
    if (!signal.aborted) showError('picture-error', sentenceOf(error));
  }
}

function seen(running) {
  show('video', running);
  show('snapshot', running);
  element('camera').setAttribute('aria-pressed', running);
  element('camera').textContent = running ? t('Stop the camera') : t('Camera');
}

export function stopCamera() {
  if (!watching) return;
  watching.abort();
  watching = undefined;
  const video = element('video');
  video.srcObject?.getTracks().forEach((track) => track.stop());
  video.srcObject = null;
  element('stage').classList.remove('mirrored');
  element('rate').textContent = '';
  seen(false);
  session.tell('live', { live: false });
}
