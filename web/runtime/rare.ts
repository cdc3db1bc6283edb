// Code loaded on demand, because few loads need it: archives, less common families, checksums, text encoders.
export { withChecksum } from '../checkpoint/files/integrity.js';
export { familiesFor } from '../checkpoint/families/all.js';
export { towerOf } from '../checkpoint/families/with-texts.js';
export { openArchive } from '../checkpoint/formats/archives.js';
export { TextModel } from './text-model.js';
