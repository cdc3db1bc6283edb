// Zip archives and NumPy arrays, made here byte by byte so that any of it can be wrong.
import { crc32, deflateRawSync } from 'node:zlib';

/** A file for an archive; what is left out is as it should be. */
export interface ArchiveFile {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflated?: boolean;
  readonly method?: number;
  readonly flags?: number;
  /** What the directory declares. */
  readonly size?: number;
  readonly packedSize?: number;
  readonly crc?: number;
  readonly offset?: number;
  /** Puts sizes and offset into a zip64 field, as is done for those above 4 GiB. */
  readonly zip64?: boolean;
}

/** What the end of an archive declares, instead of what is so. */
export interface ArchiveEnd {
  readonly count?: number;
  readonly directorySize?: number;
  readonly directoryOffset?: number;
  readonly comment?: string;
  /** Adds the records of large archives. */
  readonly zip64?: boolean;
  readonly zip64Offset?: number;
}

/** Little-endian numbers of 2, 4 or 8 bytes. */
function numbers(...values: readonly (readonly [bytes: 2 | 4 | 8, value: number])[]): Buffer {
  return Buffer.concat(
    values.map(([bytes, value]) => {
      const buffer = Buffer.alloc(bytes);
      if (bytes === 8) buffer.writeBigUInt64LE(BigInt(value));
      else buffer.writeUIntLE(value, 0, bytes);
      return buffer;
    }),
  );
}

const largest32 = 0xffffffff;

export function makeZip(files: readonly ArchiveFile[], ending: ArchiveEnd = {}): Uint8Array<ArrayBuffer> {
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const file of files) {
    const packed = file.deflated ? deflateRawSync(file.data) : Buffer.from(file.data);
    const name = Buffer.from(file.name);
    const method = file.method ?? (file.deflated ? 8 : 0);
    const {
      flags = 0,
      size = file.data.length,
      packedSize = packed.length,
      offset = at,
      zip64 = false,
    } = file;
    const crc = file.crc ?? crc32(file.data);
    const header = numbers([4, 0x04034b50], [2, 20], [2, flags], [2, method], [4, 0], [4, crc]);
    const sizes = numbers([4, packed.length], [4, file.data.length], [2, name.length], [2, 0]);
    local.push(header, sizes, name, packed);
    at += header.length + sizes.length + name.length + packed.length;
    const extra = zip64 ? numbers([2, 1], [2, 24], [8, size], [8, packedSize], [8, offset]) : Buffer.alloc(0);
    const declared = (value: number) => (zip64 ? largest32 : value);
    directory.push(
      numbers([4, 0x02014b50], [2, 20], [2, 20], [2, flags], [2, method], [4, 0], [4, crc]),
      numbers([4, declared(packedSize)], [4, declared(size)], [2, name.length], [2, extra.length], [2, 0]),
      numbers([2, 0], [2, 0], [4, 0], [4, declared(offset)]),
      name,
      extra,
    );
  }
  const entries = Buffer.concat(directory);
  const {
    count = files.length,
    directorySize = entries.length,
    directoryOffset = at,
    comment = '',
    zip64 = false,
    zip64Offset = at + entries.length,
  } = ending;
  const record = [
    numbers([4, 0x06064b50], [8, 44], [2, 45], [2, 45], [4, 0], [4, 0], [8, count], [8, count]),
    numbers([8, directorySize], [8, directoryOffset]),
    numbers([4, 0x07064b50], [4, 0], [8, zip64Offset], [4, 1]),
  ];
  const declared = zip64 ? [0xffff, largest32, largest32] : [count, directorySize, directoryOffset];
  const end = Buffer.concat([
    numbers(
      [4, 0x06054b50],
      [2, 0],
      [2, 0],
      [2, declared[0]],
      [2, declared[0]],
      [4, declared[1]],
      [4, declared[2]],
    ),
    numbers([2, comment.length]),
    Buffer.from(comment),
  ]);
  return Uint8Array.from(Buffer.concat([...local, entries, ...(zip64 ? record : []), end]));
}

/** A .npy file of this header's text, and the array's bytes. */
export function makeNpy(header: string, data: Uint8Array, version = 1): Uint8Array<ArrayBuffer> {
  const text = Buffer.from(`${header}\n`);
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), version, 0]);
  return Uint8Array.from(Buffer.concat([start, numbers([version === 1 ? 2 : 4, text.length]), text, data]));
}

/** A .npy file of floats; `descr` says how its bytes are to be read. */
export function npyOf(
  shape: readonly number[],
  data: Uint8Array,
  { descr = '<f4', fortran = false, version = 1 } = {},
): Uint8Array<ArrayBuffer> {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const order = fortran ? 'True' : 'False';
  return makeNpy(`{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${tuple}, }`, data, version);
}
