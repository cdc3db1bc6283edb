// Zips of a model's folder.
import { frame } from '../../web/tiny-checkpoint.js';
import { makeZip, type ArchiveEnd, type ArchiveFile } from '../archives.js';
import { pickle } from './foreign.js';
import { config, latin1, page, text, weightsOf, whole, type Malformed, type Row } from './row.js';

const folder: readonly ArchiveFile[] = [
  { name: 'm/config.json', data: config },
  { name: 'm/model.safetensors', data: whole, deflated: true },
];
/** The archive with its weights changed. */
const packed = (change: Partial<ArchiveFile>, end?: ArchiveEnd) => () =>
  makeZip([folder[0], { ...folder[1], ...change }], end);
export const storedZip = makeZip(folder.map((file) => ({ ...file, deflated: false })));
export const zip = makeZip(folder);
const directoryAt = new DataView(zip.buffer).getUint32(zip.length - 6, true);
const patched =
  (at: number, ...bytes: number[]) =>
  () => {
    const copy = zip.slice();
    copy.set(bytes, at < 0 ? copy.length + at : at);
    return copy;
  };

const zips: readonly Row[] = [
  ['the first half only', 'truncated', 'ends before its directory', () => zip.slice(0, zip.length >> 1)],
  ['its last byte missing', 'truncated', 'ends before its directory', () => zip.slice(0, -1)],
  ['its directory missing', 'truncated', 'ends before its directory', () => zip.slice(0, directoryAt)],
  [
    'its start missing',
    'malformed-archive',
    'directory is not where it should be',
    () => Uint8Array.from([...zip.slice(0, 4), ...zip.slice(60)]),
  ],
  [
    'bytes before it',
    'malformed-archive',
    'directory is not where it should be',
    () => Uint8Array.from([...latin1('PK\x03\x04'), ...zip]),
  ],
  ['nothing in it', 'not-found', 'no weights in', () => makeZip([])],
  [
    'no model in it',
    'not-found',
    'no weights in',
    () => makeZip([{ name: 'readme.txt', data: text('Hello') }]),
  ],
  [
    'two models in it',
    'not-found',
    '2 files of weights',
    () =>
      makeZip(
        ['a', 'b'].flatMap((name) =>
          folder.map((file) => ({ ...file, name: file.name.replace('m/', `${name}/`) })),
        ),
      ),
  ],
  ['weights without config.json', 'not-found', 'no m/config.json', () => makeZip([folder[1]])],
  ['a zip in it', 'not-found', 'no weights in', () => makeZip([{ name: 'model.zip', data: zip }])],
  [
    'a pickle in it',
    'not-found',
    'no weights in',
    () => makeZip([folder[0], { name: 'm/pytorch_model.bin', data: pickle }]),
  ],
  ['a page in it', 'html', 'Got an HTML page', packed({ data: page })],
  [
    'truncated weights in it',
    'truncated',
    'm/model.safetensors ends after',
    packed({ data: whole.slice(0, -4) }),
  ],
  [
    'a directory elsewhere',
    'malformed-archive',
    'directory is not where it should be',
    packed({}, { directoryOffset: 3 }),
  ],
  [
    'a directory beyond its end',
    'malformed-archive',
    'directory is not where it should be',
    packed({}, { directoryOffset: 1e9 }),
  ],
  [
    'a directory too large',
    'malformed-archive',
    'directory is not where it should be',
    packed({}, { directorySize: 1e9 }),
  ],
  ['a directory of more files', 'malformed-archive', 'its directory is cut short', packed({}, { count: 3 })],
  [
    'a directory of fewer files',
    'malformed-archive',
    'does not have the length it declares',
    packed({}, { count: 1 }),
  ],
  ['a damaged directory', 'malformed-archive', 'its directory is damaged', patched(directoryAt, 0)],
  [
    'a damaged file header',
    'malformed-archive',
    'not where its directory says',
    patched(0 + zip.indexOf(0x50, 30), 0x51),
  ],
  ['files that overlap', 'malformed-archive', 'overlaps', packed({ offset: 1 })],
  ['a file beyond its directory', 'malformed-archive', 'extends into its directory', packed({ offset: 1e9 })],
  [
    'a file that reaches into its directory',
    'malformed-archive',
    'extends into its directory',
    packed({ packedSize: 1e9 }),
  ],
  ['a name twice', 'malformed-archive', 'two files named "m/config.json"', packed({ name: 'm/config.json' })],
  ['an encrypted file', 'unsupported-format', 'is encrypted', packed({ flags: 1 })],
  ['a file packed by bzip2', 'unsupported-format', 'packed by method 12', packed({ method: 12 })],
  ['a stored file of two sizes', 'malformed-archive', 'has two sizes', packed({ deflated: false, size: 7 })],
  ['a wrong checksum', 'malformed-archive', 'cannot be unpacked', packed({ crc: 1 })],
  [
    'a wrong checksum of a stored file',
    'malformed-archive',
    'its "m/model.safetensors" does not have the checksum it declares',
    packed({ deflated: false, crc: 1 }),
  ],
  [
    'a file that is not deflated',
    'malformed-archive',
    'cannot be unpacked',
    packed({ method: 8, deflated: false }),
  ],
  [
    'a file larger than declared',
    'malformed-archive',
    'more than the 100 bytes it declares',
    packed({ size: 100 }),
  ],
  ['a file smaller than declared', 'malformed-archive', 'cannot be unpacked', packed({ size: 1e6 })],
  [
    'a bomb that declares itself',
    'too-large',
    'has 1,000,000,000,000 bytes',
    packed({ size: 1e12, zip64: true }),
  ],
  [
    'a bomb that lies',
    'malformed-archive',
    'more than the 1000 bytes it declares',
    () => makeZip([folder[0], { name: 'm/model.safetensors', data: bomb(), deflated: true, size: 1000 }]),
  ],
  [
    'a bomb of JSON',
    'too-large',
    'm/config.json has 50,000,000 bytes',
    () => makeZip([{ name: 'm/config.json', data: new Uint8Array(5e7), deflated: true }, folder[1]]),
  ],
  ['several volumes', 'malformed-archive', 'one of several volumes', patched(-18, 1)],
  [
    'no zip64 directory where one should be',
    'malformed-archive',
    'zip64 directory',
    packed({}, { count: 0xffff }),
  ],
  [
    'its zip64 directory beyond its end',
    'malformed-archive',
    'zip64 directory',
    packed({}, { zip64: true, zip64Offset: 1e12 }),
  ],
  [
    'its zip64 directory elsewhere',
    'malformed-archive',
    'zip64 directory',
    packed({}, { zip64: true, zip64Offset: 4 }),
  ],
  [
    'a zip64 directory of 10^12 files',
    'malformed-archive',
    '1,000,000,000,000 files in it, and at most 5,000 are read',
    packed({}, { zip64: true, count: 1e12 }),
  ],
  [
    'no zip64 sizes where they should be',
    'malformed-archive',
    'lacks its zip64 sizes',
    packed({ size: 0xffffffff }),
  ],
];

/** A header whose tensor takes the 100 MB of zeros that follow. */
function bomb(): Uint8Array {
  const bytes = 2e7;
  return frame(
    `{"a": {"dtype": "U8", "shape": [${bytes}], "data_offsets": [0, ${bytes}]}}`,
    new Uint8Array(bytes),
  );
}

export const malformedZips: readonly Malformed[] = weightsOf('a zip with', zips, {});
