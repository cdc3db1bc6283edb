// What every entry exports besides its own `load`.
export { isSupported } from './engine/variant.js';
export { filesDropped } from './checkpoint/files/dropped.js';
export { isVitError, VitError, type VitErrorCode } from './errors.js';
export type { Model } from './model.js';
export type * from './types.js';
export { fewShot, fewShotFromJSON } from './few-shot.js';
