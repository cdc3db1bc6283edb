// Other files that are the same model, where a folder has no model.safetensors.
import type { FileStore } from '../cache/file-store.js';
import { convertedFiles } from '../checkpoint/conversion.js';
import type { ModelFiles } from '../checkpoint/files/model-files.js';
import type { OpenFile } from '../checkpoint/files/source.js';
import { openClipFiles } from './open-clip.js';

/** Weights as converted by the Hub's bot, or else open_clip's; undefined when there are none. */
export async function otherFiles(
  files: ModelFiles,
  open: OpenFile,
  store: Promise<FileStore> | undefined,
  signal?: AbortSignal,
): Promise<ModelFiles | undefined> {
  return (await convertedFiles(files, open, signal)) ?? (await openClipFiles(files, open, store, signal));
}
