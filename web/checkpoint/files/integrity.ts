import { VitError } from '../../errors.js';
import { Sha256 } from './sha256.js';
import { nameOf } from './model-files.js';
import type { ReadContext } from './folder.js';
import { shown } from '../../shown.js';
import type { OpenFile } from './source.js';
import type { ByteStream } from './stream.js';

/** The 32 bytes of an `integrity` option: `sha256-` and the digest in base64, as in a script tag, or in hexadecimal. */
export function parseIntegrity(text: string): Uint8Array {
  const [, hex, base64] =
    /^sha256-(?:([\da-f]{64})|([A-Za-z\d+/]{43}=))$/.exec(typeof text === 'string' ? text : '') ?? [];
  if (hex) return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
  if (base64) return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  throw new VitError(
    'invalid-argument',
    `integrity is ${shown(text)}, but it should be "sha256-" and the weights' SHA-256 in base64 or hexadecimal.`,
  );
}

/**
 * How files are read when the weights must have a checksum: from front to back, as what is read here and there is never
 * hashed, and with all weights in one file.
 */
export function withChecksum(
  open: OpenFile,
  weights: string,
  integrity: string | undefined,
): Pick<ReadContext, 'open' | 'bytesAt' | 'inOneFile'> | undefined {
  if (integrity === undefined) return undefined;
  return {
    open: verifying(open, weights, integrity),
    bytesAt: () => Promise.resolve(undefined),
    inOneFile: true,
  };
}

/** Opens files with the same bytes; that of the weights fails at its end if they do not have the digest. */
function verifying(open: OpenFile, weights: string, integrity: string): OpenFile {
  return async (location, name, signal) => {
    const stream = await open(location, name, signal);
    return stream && name === weights ? verified(stream, integrity, nameOf(location, name)) : stream;
  };
}

function verified(stream: ByteStream, integrity: string, name: string): ByteStream {
  const wanted = hexOf(parseIntegrity(integrity));
  const hash = new Sha256();
  return {
    async next() {
      const piece = await stream.next();
      if (piece) hash.update(piece);
      else check(hexOf(hash.digest()));
      return piece;
    },
    cancel: (reason) => stream.cancel(reason),
  };

  function check(found: string): void {
    if (found === wanted) return;
    throw new VitError(
      'integrity',
      `${name} has the SHA-256 ${found}, not ${wanted}: it is a different file, or damaged.`,
    );
  }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
