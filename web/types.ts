// The types of the public API.
export type * from './types/calls.js';
export type * from './types/info.js';
export type * from './types/loading.js';
export type * from './types/looking.js';
export type * from './types/watching.js';
export type * from './types/teaching.js';
