// What few models need, in one module that is fetched by those: archives, families that few checkpoints are of, towers
// for texts.
export { familiesFor } from '../checkpoint/families/all.js';
export { openArchive } from '../checkpoint/formats/archives.js';
export { TextModel } from './text-model.js';
