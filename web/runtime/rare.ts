// What few loads need, in one module that is fetched by those: archives, families that few checkpoints are of, checksums,
// towers for texts.
export { withChecksum } from '../checkpoint/files/integrity.js';
export { familiesFor } from '../checkpoint/families/all.js';
export { towerOf } from '../checkpoint/families/with-texts.js';
export { openArchive } from '../checkpoint/formats/archives.js';
export { TextModel } from './text-model.js';
