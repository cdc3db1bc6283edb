// The folder that `convert` writes. Existing files are replaced only on request, and never written to: every file is
// created under a temporary name, and renamed when all of them are complete.
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { VitError } from '../web/errors.js';

/** Rejects a folder that is not empty, unless `force`, and a link to a folder. */
export async function checkOutput(output: string, force: boolean): Promise<void> {
  const refuse = (what: string) => new VitError('invalid-argument', `${output} ${what}.`);
  const stats = await lstat(resolve(output)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!stats) return;
  if (stats.isSymbolicLink()) throw refuse('is a link; give the folder that it points to');
  if (!stats.isDirectory()) throw refuse('is a file; give a folder for the model');
  if (force || (await readdir(output)).length === 0) return;
  throw refuse("already contains files; give another folder, or pass --force to replace a model's files");
}

/** The files being written into the folder. */
export class OutputFolder {
  readonly #folder: string;
  /** Whether the folder was made here. */
  readonly #isNew: boolean;
  readonly #names: string[] = [];

  private constructor(folder: string, isNew: boolean) {
    this.#folder = folder;
    this.#isNew = isNew;
  }

  static async make(folder: string): Promise<OutputFolder> {
    const made = await mkdir(folder, { recursive: true });
    return new OutputFolder(folder, made !== undefined);
  }

  /** A stream into a new file. */
  async write(name: string): Promise<WriteStream> {
    const stream = createWriteStream(await this.#begin(name), { flags: 'wx' });
    await once(stream, 'open');
    return stream;
  }

  /** A new file of these bytes. */
  async writeAll(name: string, bytes: Uint8Array): Promise<void> {
    await writeFile(await this.#begin(name), bytes, { flag: 'wx' });
  }

  /** Moves every file into place. */
  async keep(): Promise<void> {
    for (const name of this.#names) await rename(this.#part(name), join(this.#folder, name));
  }

  /** Removes all of them. */
  async drop(): Promise<void> {
    for (const name of this.#names) await rm(this.#part(name), { force: true });
    if (this.#isNew) await rmdir(this.#folder).catch(() => undefined);
  }

  /** Removes what an earlier run may have left; of a link, the link. A file that comes back meanwhile is an error. */
  async #begin(name: string): Promise<string> {
    const path = this.#part(name);
    await rm(path, { force: true });
    this.#names.push(name);
    return path;
  }

  #part(name: string): string {
    return join(this.#folder, `${name}.part`);
  }
}
