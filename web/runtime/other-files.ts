// Other files that are the same model, where a folder has no model.safetensors.
import type { FileStore } from '../cache/file-store.js';
import { patientStore } from '../cache/patient-store.js';
import { convertedFiles } from '../checkpoint/conversion.js';
import type { ModelFiles } from '../checkpoint/files/model-files.js';
import type { OpenFile } from '../checkpoint/files/source.js';
import { keepConversion, keptConversion } from './kept-conversion.js';
import { openClipFiles } from './open-clip.js';

/**
 * Weights as converted by the Hub's bot, or else open_clip's; undefined when there are none. The same files, to be asked for
 * once more, when there is no such conversion any more, and they were not asked for because of it.
 */
export async function otherFiles(
  files: ModelFiles,
  open: OpenFile,
  opening: Promise<FileStore> | undefined,
  signal?: AbortSignal,
): Promise<ModelFiles | undefined> {
  const store = opening && patientStore(opening, { signal });
  store?.catch(() => undefined); // reported where it is used
  const kept = store && (await keptConversion(files, store));
  if (kept && kept !== 'gone') return kept;
  const converted = await convertedFiles(files, open, signal);
  if (converted) {
    if (store) await keepConversion(files, converted, store);
    return converted;
  }
  // Without its id, the note of the conversion is not looked for.
  return kept ? { ...files, hub: undefined } : await openClipFiles(files, open, store, signal);
}
