// Other files that are the same model, where a folder has no model.safetensors.
import type { FileStore } from '../cache/file-store.js';
import { patientStore } from '../cache/patient-store.js';
import { convertedFiles } from '../checkpoint/conversion.js';
import type { ModelFiles } from '../checkpoint/files/model-files.js';
import type { OpenFile } from '../checkpoint/files/source.js';
import { keepConversion, keptConversion } from './kept-conversion.js';
import { openClipFiles } from './open-clip.js';

/**
 * The files with the weights that the Hub's bot has converted, or else with open_clip's; undefined when there are
 * neither.
 *
 * Where a conversion was noted that is gone by now, the load has not asked the main branch for weights. Unless there
 * are open_clip's, the result is then the same files, to be opened once more without regard to the note.
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
  const openClip = await openClipFiles(files, open, store, signal);
  // Without the repository's id, the note is not looked for.
  return openClip ?? (kept && { ...files, hub: undefined });
}
