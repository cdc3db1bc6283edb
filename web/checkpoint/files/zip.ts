// The zip format: entries one after another, and at the end a directory that says where they are. Knows nothing of what
// is in them. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, whose section numbers are given below.
import { crc32 } from './crc32.js';
import { VitError, messageOf } from '../../errors.js';
import { checkLimit, limits } from './limits.js';
import type { RandomAccess } from './random-access.js';
import { streamOf, type ByteStream } from './stream.js';

/** A file within an archive. */
export interface ZipEntry {
  /** With its folders, separated by slashes. */
  readonly name: string;
  /** Bytes when it has been unpacked, as the directory declares; reading checks it. */
  readonly size: number;
  readonly deflated: boolean;
  readonly encrypted: boolean;
  readonly crc32: number;
  /** Where its local header begins. */
  readonly offset: number;
  /** Bytes in the archive. */
  readonly packedSize: number;
}

export interface ZipArchive {
  readonly file: RandomAccess;
  /** In the order of their bytes. */
  readonly entries: readonly ZipEntry[];
}

const localHeader = { signature: 0x04034b50, bytes: 30 }; // 4.3.7
const centralHeader = { signature: 0x02014b50, bytes: 46 }; // 4.3.12
const end = { signature: 0x06054b50, bytes: 22, longestComment: 0xffff }; // 4.3.16
const end64 = { signature: 0x06064b50, bytes: 56 }; // 4.3.14
const end64Locator = { signature: 0x07064b50, bytes: 20 }; // 4.3.15
const zip64Extra = 0x0001; // 4.5.3
/** Placeholders for numbers that are in a zip64 record instead. */
const elsewhere16 = 0xffff;
const elsewhere32 = 0xffffffff;

/** An entry takes some 100 bytes. */
const largestDirectory = 1000 * limits.archiveFiles;

/** Whether a file that starts so is an archive, also an empty one. */
export function isZip(start: Uint8Array): boolean {
  return /^PK(\x03\x04|\x05\x06)/.test(String.fromCharCode(...start));
}

/** Reads and checks the directory. */
export async function readDirectory(file: RandomAccess): Promise<ZipArchive> {
  const { begin, bytes, count } = await findDirectory(file);
  const view = await read(file, begin, begin + bytes);
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const { entry, length } = readEntry(view, at, file);
    if (entry.offset + localHeader.bytes + entry.packedSize > begin) {
      throw malformed(file, `its "${entry.name}" extends into its directory`);
    }
    entries.push(entry);
    at += length;
  }
  if (at !== bytes) throw malformed(file, 'its directory does not have the length it declares');
  entries.sort((a, b) => a.offset - b.offset);
  checkEntries(entries, file);
  return { file, entries };
}

interface Directory {
  readonly begin: number;
  readonly bytes: number;
  /** How many entries. */
  readonly count: number;
}

async function findDirectory(file: RandomAccess): Promise<Directory> {
  const from = Math.max(0, file.size - end.bytes - end.longestComment - end64Locator.bytes);
  const tail = await read(file, from, file.size);
  const at = findEnd(tail);
  if (at === undefined) throw malformed(file, 'it ends before its directory', 'truncated');
  const count = tail.getUint16(at + 10, true);
  const bytes = tail.getUint32(at + 12, true);
  const begin = tail.getUint32(at + 16, true);
  const moved = count === elsewhere16 || bytes === elsewhere32 || begin === elsewhere32;
  const directory = moved ? await findDirectory64(file, tail, at) : { begin, bytes, count, end: from + at };
  if (tail.getUint16(at + 4, true) !== 0 && !moved) throw malformed(file, 'it is one of several volumes');
  if (directory.begin + directory.bytes !== directory.end) {
    throw malformed(file, 'its directory is not where it should be');
  }
  if (directory.bytes > largestDirectory) {
    throw malformed(file, `its directory declares ${directory.bytes} bytes`);
  }
  checkLimit(directory.count, 'archiveFiles', file.name, 'files in it', 'malformed-archive');
  return directory;
}

/** The last place where the end record may be: its comment reaches to the end of the file. */
function findEnd(tail: DataView): number | undefined {
  for (let at = tail.byteLength - end.bytes; at >= 0; at--) {
    const comment = tail.byteLength - at - end.bytes;
    if (tail.getUint32(at, true) === end.signature && tail.getUint16(at + 20, true) === comment) return at;
  }
  return undefined;
}

async function findDirectory64(
  file: RandomAccess,
  tail: DataView,
  endAt: number,
): Promise<Directory & { end: number }> {
  const wrong = () => malformed(file, 'its zip64 directory is not where it should be');
  const locator = endAt - end64Locator.bytes;
  if (locator < 0 || tail.getUint32(locator, true) !== end64Locator.signature) throw wrong();
  const at = Number(tail.getBigUint64(locator + 8, true));
  if (at + end64.bytes > file.size) throw wrong();
  const record = await read(file, at, at + end64.bytes);
  if (record.getUint32(0, true) !== end64.signature) throw wrong();
  const number = (offset: number) => Number(record.getBigUint64(offset, true));
  return { count: number(32), bytes: number(40), begin: number(48), end: at };
}

/** The entry that the directory has at `at`, and how far it is to the next. */
function readEntry(view: DataView, at: number, file: RandomAccess): { entry: ZipEntry; length: number } {
  const cut = () => malformed(file, 'its directory is cut short');
  if (at + centralHeader.bytes > view.byteLength) throw cut();
  if (view.getUint32(at, true) !== centralHeader.signature) throw malformed(file, 'its directory is damaged');
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) =>
    view.getUint16(at + offset, true),
  );
  const nameAt = at + centralHeader.bytes;
  const length = centralHeader.bytes + nameBytes + extraBytes + commentBytes;
  if (at + length > view.byteLength) throw cut();
  const bytes = new Uint8Array(view.buffer, view.byteOffset + nameAt, nameBytes);
  const name = new TextDecoder().decode(bytes).replaceAll('\\', '/');
  const [packedSize, size, offset] = sizesOf(view, at, nameAt + nameBytes, extraBytes, name, file);
  if (method !== 0 && method !== 8) {
    throw unsupported(file, `its "${name}" is packed by method ${method}; pack it as a plain zip (deflated)`);
  }
  if (method === 0 && packedSize !== size) {
    throw malformed(file, `its "${name}" has two sizes, ${packedSize} and ${size}, though it is not packed`);
  }
  const crc32 = view.getUint32(at + 16, true);
  const encrypted = (flags & 1) === 1;
  return { entry: { name, size, deflated: method === 8, encrypted, crc32, offset, packedSize }, length };
}

/** Packed size, size and offset; those that do not fit into 32 bits are in the extra field, in the order of its own. */
function sizesOf(
  view: DataView,
  at: number,
  extraAt: number,
  extraBytes: number,
  name: string,
  file: RandomAccess,
): [packedSize: number, size: number, offset: number] {
  const packedSize = view.getUint32(at + 20, true);
  const size = view.getUint32(at + 24, true);
  const offset = view.getUint32(at + 42, true);
  if (![packedSize, size, offset].includes(elsewhere32)) return [packedSize, size, offset];
  let field = findExtra(view, extraAt, extraBytes, zip64Extra);
  const take = (value: number) => {
    if (value !== elsewhere32) return value;
    if (!field || field.byteLength < 8) throw malformed(file, `its "${name}" lacks its zip64 sizes`);
    const large = Number(field.getBigUint64(0, true));
    field = new DataView(field.buffer, field.byteOffset + 8, field.byteLength - 8);
    if (!Number.isSafeInteger(large)) throw malformed(file, `its "${name}" declares ${large} bytes`);
    return large;
  };
  const actualSize = take(size);
  return [take(packedSize), actualSize, take(offset)];
}

function findExtra(view: DataView, at: number, bytes: number, id: number): DataView | undefined {
  for (let from = at; from + 4 <= at + bytes;) {
    const length = view.getUint16(from + 2, true);
    if (view.getUint16(from, true) === id && from + 4 + length <= at + bytes) {
      return new DataView(view.buffer, view.byteOffset + from + 4, length);
    }
    from += 4 + length;
  }
  return undefined;
}

function checkEntries(entries: readonly ZipEntry[], file: RandomAccess): void {
  const names = new Set<string>();
  let reached = 0;
  for (const { name, offset, packedSize } of entries) {
    if (names.has(name)) throw malformed(file, `it has two files named "${name}"`);
    names.add(name);
    if (offset < reached) throw malformed(file, `its "${name}" overlaps the file before`);
    reached = offset + localHeader.bytes + packedSize;
  }
}

/** The bytes of an entry, unpacked; read to their end, they are held to their declared size and checksum. */
export async function openEntry({ file }: ZipArchive, entry: ZipEntry): Promise<ByteStream> {
  const { name, offset, packedSize } = entry;
  if (entry.encrypted) throw unsupported(file, `its "${name}" is encrypted; pack it without a password`);
  const header = await read(file, offset, offset + localHeader.bytes);
  if (header.getUint32(0, true) !== localHeader.signature) {
    throw malformed(file, `its "${name}" is not where its directory says`);
  }
  const begin = offset + localHeader.bytes + header.getUint16(26, true) + header.getUint16(28, true);
  if (begin + packedSize > file.size) throw malformed(file, `its "${name}" reaches beyond its end`);
  const packed = file.slice(begin, begin + packedSize);
  return entry.deflated ? inflate(packed, entry, file) : stored(packed, entry, file);
}

function stored(bytes: Blob, { name, crc32: wanted }: ZipEntry, file: RandomAccess): ByteStream {
  const stream = streamOf(bytes.stream(), bytes.size);
  let found = 0;
  return {
    async next() {
      const piece = await stream.next();
      if (piece) found = crc32(piece, found);
      else if (found !== wanted) {
        throw malformed(file, `its "${name}" does not have the checksum it declares`);
      }
      return piece;
    },
    cancel: (reason) => stream.cancel(reason),
  };
}

/**
 * Unpacks deflated bytes as if they were a gzip file, whose frame every browser knows, and whose end makes it compare
 * the size and the checksum.
 */
function inflate(packed: Blob, { name, crc32, size }: ZipEntry, file: RandomAccess): ByteStream {
  const frame = new DataView(new ArrayBuffer(18));
  frame.setUint32(0, 0x1f8b0800);
  frame.setUint32(10, crc32, true);
  frame.setUint32(14, size % 2 ** 32, true);
  const gzip = new Blob([frame.buffer.slice(0, 10), packed, frame.buffer.slice(10)]);
  const stream = streamOf(gzip.stream().pipeThrough(new DecompressionStream('gzip')));
  const wrong = (what: string, cause?: unknown) => malformed(file, `its "${name}" ${what}`, undefined, cause);
  let unpacked = 0;
  return {
    async next() {
      const piece = await stream.next().catch((error: unknown) => {
        throw wrong(`cannot be unpacked (${messageOf(error)})`, error);
      });
      unpacked += piece?.length ?? 0;
      if (unpacked <= size) return piece;
      // In Chromium, cancelling a DecompressionStream before its end rejects; that error would replace ours.
      await stream.cancel().catch(() => undefined);
      throw wrong(`has more than the ${size} bytes it declares`);
    },
    cancel: (reason) => stream.cancel(reason),
  };
}

async function read(file: RandomAccess, begin: number, end: number): Promise<DataView<ArrayBuffer>> {
  try {
    return new DataView(await file.slice(begin, end).arrayBuffer());
  } catch (error) {
    throw new VitError('unreadable', `${file.name} could not be read (${messageOf(error)}).`, {
      cause: error,
    });
  }
}

function malformed(
  { name }: RandomAccess,
  what: string,
  code: 'malformed-archive' | 'truncated' = 'malformed-archive',
  cause?: unknown,
): VitError {
  return new VitError(code, `${name} is not a complete zip archive: ${what}; download it again.`, { cause });
}

function unsupported({ name }: RandomAccess, what: string): VitError {
  return new VitError('unsupported-format', `${name} cannot be read: ${what}.`);
}
