// "Hold to record": frames of the camera as examples for as long as a button is held, by pointer or by key.
import { currentSource } from '../inputs/snapshot.js';
import { session } from '../session.js';

/** Milliseconds from one frame to the next: a hand has moved by then. */
const between = 150;

/** Calls `add(source)` once and again while the button is held; without a camera, once with the picture. */
export function recordWhileHeld(button, add) {
  let held = false;
  const begin = async () => {
    if (held) return;
    held = true;
    button.classList.add('recording');
    do {
      const source = currentSource();
      const started = performance.now();
      if (source) await add(source);
      if (!session.live) break;
      await new Promise((resolve) =>
        setTimeout(resolve, Math.max(0, between - (performance.now() - started))),
      );
    } while (held);
    end();
  };
  const end = () => {
    held = false;
    button.classList.remove('recording');
  };
  button.addEventListener('pointerdown', (event) => {
    if (event.button === 0) void begin();
  });
  for (const type of ['pointerup', 'pointerleave', 'pointercancel', 'blur'])
    button.addEventListener(type, end);
  button.addEventListener('keydown', (event) => {
    if ((event.key === ' ' || event.key === 'Enter') && !event.repeat) {
      event.preventDefault();
      void begin();
    }
  });
  button.addEventListener('keyup', end);
}
