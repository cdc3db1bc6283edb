#!/usr/bin/env node
// `vit-wasm inspect | convert | classify | labels`: the command line. Exit codes: 0 success, 1 failure, 2 usage error.
import { readFileSync } from 'node:fs';
import { VitError } from '../web/errors.js';
import { parseCommand, usage, UsageError } from './arguments.js';
import { classify } from './classify.js';
import { convert } from './convert.js';
import { inspect } from './inspect.js';
import { labels } from './labels.js';
import { complain, endWithReader, print } from './output.js';

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

async function run(args: readonly string[]): Promise<void> {
  const command = parseCommand(args);
  switch (command.name) {
    case 'help':
      return print(usage);
    case 'version':
      return print(version());
    case 'inspect':
      return await inspect(command);
    case 'convert':
      return await convert(command);
    case 'classify':
      return await classify(command);
    case 'labels':
      return await labels(command);
  }
}

/** A system error, such as a folder that cannot be written to: its message says what happened. */
const isSystemError = (error: unknown): error is Error => error instanceof Error && 'syscall' in error;

endWithReader();
try {
  await run(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) {
    complain(`${error.message}\nRun vit-wasm --help for usage.`);
    process.exitCode = 2;
  } else if (error instanceof VitError || isSystemError(error)) {
    complain(error.message);
    process.exitCode = error instanceof VitError && error.code === 'invalid-argument' ? 2 : 1;
  } else {
    // A bug in this program; its message may still contain names from a file.
    complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 1;
  }
}
