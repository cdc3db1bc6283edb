// What reads a model's files in the page itself, as one chunk: a page whose models have workers never fetches it.
export { reopen } from '../runtime/reopen.js';
export { withChecksum } from '../checkpoint/files/integrity.js';
export { openFile } from '../checkpoint/files/source.js';
export { otherFiles } from '../runtime/other-files.js';
