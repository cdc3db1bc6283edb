// What every entry exports beside its own `load`.
export { VitError, type VitErrorCode } from './errors.js';
export type { Model } from './model.js';
export type * from './types.js';
