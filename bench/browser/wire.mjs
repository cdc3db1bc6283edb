// What a file takes over the wire. Compressing megabytes as hard as can be takes a while, so sizes are remembered.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { workshop } from '../models/checkpoint.mjs';

const memory = join(workshop, 'brotli.json');

/** The bytes of a file under Brotli at its best. */
export function brotliBytes(file) {
  const known = existsSync(memory) ? JSON.parse(readFileSync(memory, 'utf8')) : {};
  const { size, mtimeMs } = statSync(file);
  const key = `${file} ${size} ${mtimeMs}`;
  if (known[key] === undefined) {
    known[key] = brotliCompressSync(readFileSync(file)).length;
    mkdirSync(dirname(memory), { recursive: true });
    writeFileSync(memory, JSON.stringify(known));
  }
  return known[key];
}
