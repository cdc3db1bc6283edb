// What few models need is no part of the worker's script, but fetched by it when a file turns out to need it.
import type { familiesFor } from './families/all.js';
import type { towerOf } from './families/with-texts.js';
import type { ReadContext } from './files/folder.js';
import type { openArchive } from './formats/archives.js';

/** What opening a checkpoint needs besides its files. */
export interface OpenContext extends ReadContext {
  /** Fetches what few checkpoints need: archives, and families that few have. */
  rare(this: void): Promise<RareParts>;
}

export interface RareParts {
  readonly openArchive: typeof openArchive;
  readonly familiesFor: typeof familiesFor;
  readonly towerOf: typeof towerOf;
}
