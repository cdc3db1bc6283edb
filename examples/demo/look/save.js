// The picture as it is seen now, with what lies over it, as a file.
import { element, saveFile } from '../dom.js';
import { session } from '../session.js';
import { composed } from './overlay.js';

export function startSaving() {
  element('save').addEventListener('click', () => {
    // The figure of the open view, where it has one: patches as the model sees them.
    const figure = session.tab === 'look' ? element('figure')?.querySelector('canvas.seen') : undefined;
    (figure ?? composed()).toBlob((blob) => saveFile(blob, 'vit-wasm.png'));
  });
}
