import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The path of the first of the programs that is on PATH. */
export function onPath(...programs: string[]): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = programs
    .flatMap((program) => folders.map((folder) => join(folder, program)))
    .find((path) => existsSync(path));
  if (found === undefined)
    throw new Error(`${programs.join(' or ')} is not on PATH; npm test installs it or says how.`);
  return found;
}
