// What the `integrity` option says; integrity.ts compares it with files.
import { VitError } from '../../errors.js';
import { shown } from '../../shown.js';

/** The 32 bytes of an `integrity` option: `sha256-` and the digest in base64, as in a script tag, or in hexadecimal. */
export function parseIntegrity(text: string): Uint8Array {
  const [, hex, base64] =
    /^sha256-(?:([\da-f]{64})|([A-Za-z\d+/]{43}=))$/.exec(typeof text === 'string' ? text : '') ?? [];
  if (hex) return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
  if (base64) return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  throw new VitError(
    'invalid-argument',
    `integrity is ${shown(text)}, but it should be "sha256-" and the weights' SHA-256 in base64 or hexadecimal, or an ` +
      'object with such a text for the name of every file.',
  );
}

/** Refuses an `integrity` option that is neither a digest nor digests by the names of files. */
export function checkIntegrity(integrity: unknown): void {
  const isTable = typeof integrity === 'object' && integrity !== null && !Array.isArray(integrity);
  for (const text of isTable ? Object.values(integrity) : [integrity]) parseIntegrity(text as string);
}
