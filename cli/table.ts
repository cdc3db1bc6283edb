import { printableLine } from './output.js';

/** Rows of two columns, the first as wide as it needs. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${printableLine(value)}`).join('\n');
}
