// The safetensors format: eight bytes of header length, a JSON header, then the tensors' bytes without gaps. Knows
// nothing of models. https://github.com/huggingface/safetensors#format
import { VitError, messageOf } from '../../errors.js';
import type { ByteReader } from '../files/byte-reader.js';
import { foreignFormat } from './foreign.js';
import { safetensorsHeader } from './safetensors-header.js';
import { shown } from '../../shown.js';
import { isJsonObject } from '../files/json.js';
import { checkSurvey, surveyJson } from '../files/json-survey.js';
import { checkLimit, limits } from '../files/limits.js';
import { leastSkip } from '../files/stream.js';
import { bytesOf, type Share, type StoredTensor, type TensorFile } from '../tensors.js';

/** A tensor as the header describes it. */
export interface TensorEntry extends StoredTensor {
  /** Its bytes: [begin, end) behind the header. */
  readonly begin: number;
  readonly end: number;
}

const elementBytes: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};

/** The fewest skipped bytes for which it is worthwhile to cache a file without them. */
const leastShare = 1 << 20;

/** Reads and checks the header; `reader` is then at the first tensor's first byte. `file` is its plain name. */
export async function openSafetensors(reader: ByteReader, file: string): Promise<TensorFile> {
  const { tensors, origin } = await readHeader(reader);
  const { name } = reader;
  const data = reader.position;
  const total = data + (tensors.at(-1)?.end ?? 0);
  const { version = reader.version, elsewhere } = origin ?? {};
  const keepInstead = async (share: Share) => {
    const kept = tensors.filter((tensor) => share.takes(tensor));
    if (total - bytesOf({ tensors: kept }) < leastShare || !(await reader.canSkip())) return undefined;
    const { elsewhere: entry } = share;
    const there = entry && tensors.find((tensor) => tensor.name === entry.name);
    const begin = data + (there?.begin ?? 0);
    const note = { version, elsewhere: there && { ...there, begin, end: begin + there.bytes } };
    return reader.keepInstead(safetensorsHeader(kept, { [noteKey]: JSON.stringify(note) }));
  };
  return {
    name,
    version,
    tensors: elsewhere ? [...tensors, { ...elsewhere, isElsewhere: true }] : tensors,
    async parts({ name: wanted }, parts) {
      const tensor = [...tensors, elsewhere].find((one) => one?.name === wanted);
      if (!tensor || version === undefined) return undefined;
      const begin = tensor.begin + (tensor === elsewhere ? 0 : data);
      return await reader.parts?.(
        parts.map(([from, to]) => [begin + from, begin + to]),
        version,
      );
    },
    async pour(sinkFor, report, share) {
      const keep = share && (await keepInstead(share));
      const tell = () => report(file, reader.position, total);
      const skipTo = (at: number, until?: number) => reader.skip(at - reader.position, tell, until);
      if (elsewhere) sinkFor(elsewhere);
      const reads = tensors.flatMap((tensor) => {
        const sink = sinkFor(tensor);
        const begin = data + tensor.begin;
        const ranges = sink ? (sink.ranges ?? [[0, tensor.bytes]]) : [];
        return ranges.map(([from, to]) => ({ tensor, sink, begin: begin + from, end: begin + to }));
      });
      const ends = endsOfRuns(reads, total);
      for (const [at, { tensor, sink, begin, end }] of reads.entries()) {
        const complete =
          (await skipTo(begin, ends[at])) &&
          (await reader.pour(end - begin, (piece) => {
            sink?.(piece);
            keep?.(piece);
            tell();
          }));
        if (!complete) throw truncated(reader, total, tensor.name);
      }
      if (!(await skipTo(total))) throw truncated(reader, total, 'its last tensors');
      tell();
      if (await reader.next()) {
        throw new VitError('not-safetensors', `${name} continues after its last tensor; download it again.`);
      }
    },
  };
}

/** For each part of a file that is read, the end of the last part that follows it without a gap worth skipping. */
function endsOfRuns(reads: readonly { begin: number; end: number }[], total: number): number[] {
  const ends: number[] = [];
  for (let at = reads.length - 1; at >= 0; at--) {
    const { end } = reads[at];
    const gap = (reads.at(at + 1)?.begin ?? total) - end;
    ends[at] = gap >= leastSkip ? end : (ends.at(at + 1) ?? total);
  }
  return ends;
}

/** What a cached share notes about the file that it was made from. */
interface Origin {
  readonly version?: string | undefined;
  /** A tensor that is only in that file, with its place in the file. */
  readonly elsewhere?: TensorEntry | undefined;
}

/** The name of that note in the header's metadata. */
const noteKey = 'vit-wasm share';

function truncated({ name, position }: ByteReader, total: number, where: string): VitError {
  return new VitError(
    'truncated',
    `${name} ends after ${position} of its ${total} bytes, within "${where}"; download it again.`,
  );
}

/** The tensors in the order of their bytes, which follow each other without gap or overlap. */
async function readHeader(
  reader: ByteReader,
): Promise<{ readonly tensors: TensorEntry[]; readonly origin: Origin | undefined }> {
  const length = await readHeaderLength(reader);
  const bytes = await reader.read(length);
  if (bytes.length < length) {
    throw new VitError(
      'truncated',
      `${reader.name} ends after ${reader.position} bytes, within its header of ${length}; download it again.`,
    );
  }
  return { tensors: parseHeader(bytes, reader.name), origin: reader.isShare ? originIn(bytes) : undefined };
}

/** The note in a header that `keepInstead` wrote. */
function originIn(header: Uint8Array): Origin {
  const { __metadata__: metadata } = JSON.parse(new TextDecoder().decode(header)) as {
    __metadata__: Record<string, string>;
  };
  return JSON.parse(metadata[noteKey]) as Origin;
}

async function readHeaderLength(reader: ByteReader): Promise<number> {
  const { name } = reader;
  const start = await reader.peek(9);
  if (start.length === 0) throw new VitError('truncated', `${name} is empty; download it again.`);
  // The first bytes of other formats may look like a length.
  const foreign = isSafetensors(start) ? undefined : foreignFormat(start, name);
  if (foreign) throw foreign;
  if (start.length < 8) throw malformed(name, 'it has fewer than 8 bytes');
  await reader.read(8);
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (length >= 2n && length <= BigInt(limits.headerBytes)) return Number(length);
  throw malformed(name, `its header declares ${length} bytes`);
}

/** Whether a file that starts with these 9 bytes may be safetensors: its header is an object. */
export function isSafetensors(start: Uint8Array): boolean {
  return start[8] === '{'.charCodeAt(0);
}

/** The tensors of a header's JSON, checked. `file` is what messages call the file. */
export function parseHeader(bytes: Uint8Array, file: string): TensorEntry[] {
  const text = decode(bytes, file);
  const survey = surveyJson(text);
  checkLimit(survey.keys.length, 'tensors', file, 'tensors', 'not-safetensors');
  checkSurvey(survey, `The header of ${file}`, 'not-safetensors');
  const header = parseJson(text, file);
  const twice = repeatedKey(survey.keys);
  if (twice !== undefined) throw malformed(file, `it has two tensors named "${twice}"`);
  const { __metadata__: metadata } = header;
  if (metadata !== undefined && !isJsonObject(metadata))
    throw malformed(file, 'its __metadata__ is not an object');
  const tensors = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => readEntry(name, value, file));
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(tensors, file);
  return tensors;
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw malformed(file, 'its header is not UTF-8 text', error);
  }
}

function parseJson(text: string, file: string): Record<string, unknown> {
  if (!text.startsWith('{')) throw malformed(file, 'its header does not start with "{"');
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw malformed(file, `its header is not valid JSON (${messageOf(error)})`, error);
  }
}

/** The first key that occurs twice: `JSON.parse` would silently keep the last. */
function repeatedKey(keys: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const written of keys) {
    const key = written.includes('\\') ? (JSON.parse(written) as string) : written.slice(1, -1);
    if (seen.has(key)) return key;
    seen.add(key);
  }
  return undefined;
}

function readEntry(name: string, value: unknown, file: string): TensorEntry {
  const wrong = (what: string) => malformed(file, `its tensor "${name}" ${what}`);
  if (!isJsonObject(value)) throw wrong('is not described by an object');
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(elementBytes, dtype)) {
    throw wrong(`has the unknown dtype ${shown(dtype)}`);
  }
  if (!isCounts(shape)) throw wrong('has no shape of whole numbers');
  if (!isCounts(offsets) || offsets.length !== 2) throw wrong('has no data_offsets [begin, end]');
  const [begin, end] = offsets;
  const bytes = shape.reduce((product, size) => product * size, elementBytes[dtype]);
  if (!Number.isSafeInteger(bytes)) throw wrong(`has the impossible shape [${shape.join(', ')}]`);
  if (end - begin !== bytes) {
    throw wrong(`has ${end - begin} bytes, but ${dtype} of shape [${shape.join(', ')}] takes ${bytes}`);
  }
  return { name, dtype, shape, bytes, begin, end };
}

function checkCoverage(tensors: readonly TensorEntry[], file: string): void {
  let end = 0;
  for (const tensor of tensors) {
    if (tensor.begin < end) throw malformed(file, `its tensor "${tensor.name}" overlaps the one before`);
    if (tensor.begin > end) throw malformed(file, `there is a gap before its tensor "${tensor.name}"`);
    end = tensor.end;
  }
}

function isCounts(value: unknown): value is number[] {
  return (
    Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && (count as number) >= 0)
  );
}

function malformed(file: string, what: string, cause?: unknown): VitError {
  return new VitError('not-safetensors', `${file} is not a safetensors file: ${what}; download it again.`, {
    cause,
  });
}
