// What reads a model's files in the page itself, in one piece: a page whose models have workers never fetches it.
export { convertedFiles } from './conversion.js';
export { withChecksum } from './files/integrity.js';
export { openFile } from './files/source.js';
export { reopen } from './reopen.js';
