// The order in which `load` and the commands look for a model's files.
import { isOpenClip, type ModelFiles } from '../checkpoint/files/model-files.js';
import { hasCode } from '../errors.js';

/**
 * Opens a model's files; where there are none, the files that `search` finds to be the same model (other-files.ts), as it
 * does at once for a configuration of open_clip's, which has to be read as another.
 */
export async function openOrOthers<T>(
  given: ModelFiles,
  search: (files: ModelFiles) => Promise<ModelFiles | undefined>,
  open: (files: ModelFiles) => Promise<T>,
): Promise<T> {
  const files = (isOpenClip(given) && (await search(given))) || given;
  try {
    return await open(files);
  } catch (error) {
    const others = hasCode(error, 'not-found') && !isOpenClip(files) && (await search(files));
    if (!others) throw error;
    return await open(others);
  }
}
