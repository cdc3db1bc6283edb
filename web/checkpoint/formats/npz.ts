// NumPy's .npz: a zip of .npy arrays, as Google Research publishes its ViTs.
import { VitError } from '../../errors.js';
import { ByteReader } from '../files/byte-reader.js';
import { giveWay } from '../files/give-way.js';
import { readNpyHeader, type NpyHeader } from './npy.js';
import { bytesOf, sifting, type StoredTensor, type TensorFile } from '../tensors.js';
import { openEntry, type ZipArchive, type ZipEntry } from '../files/zip.js';

/** An array, and where it is. */
interface ArrayEntry extends StoredTensor {
  readonly entry: ZipEntry;
  readonly header: NpyHeader;
}

const ending = /\.npy$/i;

/** Whether an archive has arrays. */
export function isNpz({ entries }: ZipArchive): boolean {
  return entries.some(({ name }) => ending.test(name));
}

/** Reads every array's header. `file` is the archive's plain name. */
export async function openNpz(archive: ZipArchive, file: string, signal: AbortSignal): Promise<TensorFile> {
  const { name } = archive.file;
  const tensors: ArrayEntry[] = [];
  for (const entry of archive.entries) {
    await giveWay();
    if (ending.test(entry.name)) tensors.push(await readArray(archive, entry, signal));
  }
  const total = bytesOf({ tensors });
  return {
    name,
    tensors,
    async pour(sinkFor, report) {
      let loaded = 0;
      for (const tensor of tensors as readonly ArrayEntry[]) {
        const wanted = sinkFor(tensor);
        if (wanted) {
          const sink = sifting(wanted);
          const reader = await openArray(archive, tensor.entry, signal);
          await reader.read(tensor.header.headerBytes);
          const complete = await reader.pour(tensor.bytes, (piece) => {
            sink(piece);
            report(file, loaded + reader.position - tensor.header.headerBytes, total);
          });
          if (!complete) throw wrongSize(reader, tensor.entry, tensor.header);
          // To the entry's end, where its checksum is compared.
          if (await reader.next()) throw wrongSize(reader, tensor.entry, tensor.header);
        }
        loaded += tensor.bytes;
        report(file, loaded, total);
      }
    },
  };
}

async function readArray(archive: ZipArchive, entry: ZipEntry, signal: AbortSignal): Promise<ArrayEntry> {
  const reader = await openArray(archive, entry, signal);
  try {
    const header = await readNpyHeader(reader);
    const { dtype, shape, bytes, columnMajor } = header;
    if (header.headerBytes + bytes !== entry.size) throw wrongSize(reader, entry, header);
    return {
      name: entry.name.replace(ending, ''),
      dtype,
      shape,
      bytes,
      columnMajor: columnMajor && shape.length > 1,
      entry,
      header,
    };
  } finally {
    await reader.cancel();
  }
}

async function openArray(archive: ZipArchive, entry: ZipEntry, signal: AbortSignal): Promise<ByteReader> {
  return new ByteReader(await openEntry(archive, entry), `${archive.file.name}, ${entry.name}`, signal);
}

function wrongSize({ name }: ByteReader, entry: ZipEntry, { dtype, shape, bytes, headerBytes }: NpyHeader) {
  return new VitError(
    'malformed-archive',
    `${name} has ${entry.size - headerBytes} bytes, but ${dtype} of shape [${shape.join(', ')}] takes ${bytes}; ` +
      'download the archive again.',
  );
}
