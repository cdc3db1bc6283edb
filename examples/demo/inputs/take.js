// Every way in which a picture comes: chosen, dropped, pasted, by address, from the samples. Several come one after
// another, and all of them stay in the row of this visit.
import { filesDropped } from '../dist/index.js';
import { element, showError } from '../dom.js';
import { link } from '../link.js';
import { loadFiles } from '../models.js';
import { session } from '../session.js';
import { sentenceOf, t } from '../text.js';
import { isPicture, read } from './picture.js';
import { clearStage } from './stage.js';

/** Grows with every picture: what a newer one has overtaken is dropped. */
let taken = 0;

export function startInputs() {
  for (const id of ['picture-file', 'photo']) {
    element(id).addEventListener('change', ({ target }) => {
      const files = [...target.files];
      // Chosen again, the same file is to count as a change.
      target.value = '';
      void takeFiles(files);
    });
  }
  element('picture-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const address = element('picture-address').value.trim();
    if (address) void takeAddress(address);
  });
  document.addEventListener('paste', (event) => {
    const { files } = event.clipboardData;
    const text = event.clipboardData.getData?.('text/plain').trim() ?? '';
    if (files.length > 0) void takeFiles([...files]);
    // In a field, text is pasted as text.
    else if (/^https?:\/\/\S+$/.test(text) && !event.target.closest?.('input, textarea'))
      void takeAddress(text);
  });
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    document.body.classList.add('dropping');
  });
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!relatedTarget) document.body.classList.remove('dropping');
  });
  document.addEventListener('drop', async (event) => {
    event.preventDefault();
    document.body.classList.remove('dropping');
    const address = event.dataTransfer.getData?.('text/uri-list').split(/\r?\n/)[0] ?? '';
    const files = await filesDropped(event.dataTransfer);
    const label = event.target.closest?.('[data-teach]')?.dataset.teach;
    if (label !== undefined && files.some(isPicture))
      session.tell('examples', { examples: { label, files } });
    else if (files.length > 0) void takeFiles(files);
    else if (address) void takeAddress(address);
  });
}

/** Pictures among the files, or else a model. */
export async function takeFiles(files) {
  const pictures = files.filter(isPicture);
  if (pictures.length === 0 && files.length > 0) {
    if (files.some((file) => /\.(safetensors|json|npz|zip)$/.test(file.name))) return loadFiles(files);
    return refuse(t('“{name}” is neither a picture nor a model.', { name: files[0].name }));
  }
  for (const file of pictures) await take(file, file.name);
}

async function takeAddress(address) {
  const mine = ++taken;
  try {
    const { fetchPicture } = await import('./unusual.js');
    const blob = await fetchPicture(address);
    if (mine === taken) await take(blob, address.split(/[?#]/)[0].split('/').at(-1) || address);
  } catch (error) {
    if (mine === taken) refuse(sentenceOf(error));
  }
}

/** Makes a file, or an already decoded picture, the one that is looked at. */
export async function take(blob, name, more = {}) {
  const mine = ++taken;
  try {
    const picture = await read(blob, name);
    if (mine === taken) use({ ...picture, ...more });
    else picture.shown.close?.();
  } catch (error) {
    if (mine === taken) refuse(sentenceOf(error));
  }
}

export function use(picture) {
  taken++;
  showError('picture-error');
  link.set({ sample: picture.sample });
  session.tell('picture', { picture, region: undefined, answers: undefined });
}

/** The old answer, beside a new file's name, would be taken for the new one's. */
function refuse(sentence) {
  session.tell('refused', { picture: undefined, region: undefined, answers: undefined });
  clearStage();
  showError('picture-error', sentence);
}
