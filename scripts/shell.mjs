// Running other programs: the one place that decides how a failing program becomes an error.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's top folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** A failure whose message is meant for a person; scripts print it without a stack. */
export class Failure extends Error {}

/**
 * Runs a program with its output shown; throws a Failure when it cannot start or ends with anything but 0.
 * `quiet` keeps the output back and puts it into the Failure instead. Returns what went to stdout if it was kept.
 */
export function run(program, args, { env = {}, cwd = root, quiet = false } = {}) {
  const result = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
  });
  const line = [program, ...args].join(' ').slice(0, 200);
  if (result.error) throw new Failure(`${line}: ${result.error.message}`);
  if (result.status !== 0) {
    const said = quiet ? `\n${result.stdout}${result.stderr}` : '';
    throw new Failure(`${line} ended with ${result.status ?? result.signal}.${said}`);
  }
  return result.stdout ?? '';
}

/** The path of the program `name`, or undefined when it is not on PATH. */
export function which(name, path = process.env.PATH ?? '') {
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // not here
    }
  }
  return undefined;
}

/** Whether an error's message says all: a Failure, an error of the package, or an option that a script does not have. */
const isForPeople = (error) =>
  error instanceof Failure || error?.name === 'VitError' || /^ERR_PARSE_ARGS/.test(error?.code);

/**
 * Runs `body` if the module of `meta` is the script that Node was started with, rather than imported by another. Errors
 * that are meant for people print as their message, any other with its stack; all make the script end with 1.
 */
export async function main(meta, body) {
  const [, program] = process.argv; // undefined where a program was given as text
  if (!program || realpathSync(program) !== meta.filename) return;
  try {
    await body();
  } catch (error) {
    console.error(isForPeople(error) ? error.message : error);
    process.exitCode = 1;
  }
}
