// What opening a checkpoint needs of the code that is loaded on demand (runtime/rare.ts), when a file turns out to need
// it.
import type { familiesFor } from './families/all.js';
import type { towerOf } from './families/with-texts.js';
import type { ReadContext } from './files/folder.js';
import type { openArchive } from './formats/archives.js';

/** What opening a checkpoint needs besides its files. */
export interface OpenContext extends ReadContext {
  /** Loads that code. */
  rare(this: void): Promise<RareParts>;
}

export interface RareParts {
  readonly openArchive: typeof openArchive;
  readonly familiesFor: typeof familiesFor;
  readonly towerOf: typeof towerOf;
}
