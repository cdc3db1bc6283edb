// Everything that is printed. Labels, tensor names, paths and server messages come from outside: they must reach a
// terminal as text, never as commands. Piped output is the same.

/** Control characters (C0 but for the end of a line, DEL, C1), and those that turn the direction of writing. */
const commands = /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The text with control characters escaped as in JavaScript: `\x1b`. */
export function printable(text: string): string {
  return text.replace(commands, (character) => {
    const code = character.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
}

/** The same within one line. */
export function printableLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n');
}

/** Prints a result. */
export function print(text: string): void {
  process.stdout.write(`${printable(text)}\n`);
}

/** Prints a result as JSON, whose strings may have no more than JSON.stringify writes out. */
export function printJson(value: unknown): void {
  const json = JSON.stringify(value, null, 2);
  const escape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  process.stdout.write(`${json.replace(commands, escape)}\n`);
}

/** Prints what went wrong. */
export function complain(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/** Ends quietly once the reader has closed the pipe: `vit-wasm inspect model | head -1`. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}
