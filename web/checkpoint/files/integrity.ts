import { VitError } from '../../errors.js';
import { hexOf, Sha256 } from './sha256.js';
import { parseIntegrity } from './integrity-option.js';
import { nameOf } from './model-files.js';
import type { ReadContext } from './folder.js';
import type { Integrity } from '../../types.js';
import type { OpenFile } from './source.js';
import { watched, type ByteStream } from './stream.js';

/**
 * How files are read when they must have checksums: from beginning to end, because parts read at random are not hashed.
 * With a single checksum, all weights must be in one file. With a table, every file must be in it.
 */
export function withChecksum(
  open: OpenFile,
  weights: string,
  integrity: Integrity | undefined,
): Pick<ReadContext, 'open' | 'bytesAt' | 'inOneFile'> | undefined {
  if (integrity === undefined) return undefined;
  const isOne = typeof integrity === 'string';
  return {
    open: isOne ? verifying(open, { [weights]: integrity }) : verifyingAll(open, integrity),
    bytesAt: () => Promise.resolve(undefined),
    inOneFile: isOne,
  };
}

/** Opens files as before; those in the table fail at their end if they do not have the digest. */
function verifying(open: OpenFile, digests: Readonly<Record<string, string>>): OpenFile {
  return async (location, name, signal) => {
    const stream = await open(location, name, signal);
    if (!stream || !Object.hasOwn(digests, name)) return stream;
    return verified(stream, digests[name], nameOf(location, name));
  };
}

/** The same, where a file that is missing, or is not in the table, could change the model unnoticed. */
function verifyingAll(open: OpenFile, digests: Readonly<Record<string, string>>): OpenFile {
  const openVerified = verifying(open, digests);
  return async (location, name, signal) => {
    const stream = await openVerified(location, name, signal);
    const isListed = Object.hasOwn(digests, name);
    // Bytes that the caller has in memory need no checksum.
    const isCallers = location.kind === 'bytes' && location.bytes instanceof Uint8Array;
    if (stream ? isListed || isCallers : !isListed) return stream;
    stream?.cancel().catch(() => undefined);
    throw new VitError(
      'integrity',
      stream
        ? `${nameOf(location, name)} is not in \`integrity\`: add the checksum of "${name}".`
        : `${nameOf(location, name)} does not exist, but \`integrity\` has a checksum for it.`,
    );
  };
}

function verified(stream: ByteStream, integrity: string, name: string): ByteStream {
  const wanted = hexOf(parseIntegrity(integrity));
  const hash = new Sha256();
  const check = () => {
    const found = hexOf(hash.digest());
    if (found === wanted) return;
    throw new VitError(
      'integrity',
      `${name} has the SHA-256 ${found}, not ${wanted}: it is a different file, or damaged.`,
    );
  };
  return watched(stream, (piece) => hash.update(piece), check);
}
