// A model as files, in every container that is read, each made with or without something wrong in its own structure.
import { deflateRawSync } from 'node:zlib';

import { makeNpy, makeZip, npyOf, type ArchiveEnd, type ArchiveFile } from '../formats/archives.js';
import { frame, type Tensor } from '../web/tiny-checkpoint.js';
import type { Json, JsonObject, Parts } from './models.js';
import type { Random } from './random.js';

/** Files by name, and which of them has the weights. */
export interface Packed {
  readonly files: Record<string, Uint8Array>;
  readonly weights: string;
}

const text = (content: string) => new TextEncoder().encode(content);

/** JSON, sometimes with what a parser has to see: a key twice, no end, other spaces, a byte order mark. */
function jsonOf(value: unknown, random: Random): Uint8Array {
  let json = JSON.stringify(value, null, random.below(3));
  if (random.oneIn(60)) json = json.replace(/"[^"]+":/, (key) => `${key}0,${key}`);
  if (random.oneIn(100)) json = json.slice(0, random.below(json.length));
  if (random.oneIn(100)) json = random.pick(['\ufeff', ' \n', '<!doctype html>', '[', 'null']) + json;
  return text(json);
}

/** A safetensors file whose header says what is so, unless `random` has it otherwise. */
export function packSafetensors(tensors: readonly Tensor[], random: Random): Uint8Array {
  const members: string[] = random.oneIn(3) ? ['"__metadata__":{"format":"pt"}'] : [];
  let end = 0;
  for (const { name, dtype, shape, data } of tensors) {
    const offsets = [end, end + data.length];
    if (random.oneIn(600)) offsets[random.below(2)] += random.pick([-1, 1, 4, 1e9, 2 ** 53]);
    if (random.oneIn(1000)) offsets.push(0);
    end += data.length;
    const entry: Record<string, unknown> = { dtype, shape, data_offsets: offsets };
    if (random.oneIn(1000)) delete entry[random.pick(Object.keys(entry))];
    if (random.oneIn(1000)) entry['shape'] = random.pick([null, 'x', [1.5], [-1], [2 ** 53], [[1]]]);
    members.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  }
  if (random.oneIn(100)) members.push('"__metadata__":7');
  if (random.oneIn(4)) members.reverse();
  let header: string = `{${members.join(',')}}`;
  if (random.oneIn(3)) header += ' '.repeat(random.below(9));
  if (random.oneIn(200)) header = header.replace(/[{}[\],:]/g, (sign) => (random.oneIn(20) ? '' : sign));
  const data = new Uint8Array(end);
  let at = 0;
  for (const tensor of tensors) {
    data.set(tensor.data, at);
    at += tensor.data.length;
  }
  const file = frame(header, random.oneIn(100) ? data.subarray(0, random.below(end + 1)) : data);
  if (random.oneIn(200))
    new DataView(file.buffer).setBigUint64(0, BigInt(random.pick([0, 1, 2 ** 31, 2 ** 53])), true);
  return file;
}

/** Whether each file of an archive is deflated: of a few archives, for inflating takes longer than everything else. */
function isDeflated(random: Random): () => boolean {
  const some = random.oneIn(8);
  return () => some && random.oneIn(2);
}

/** NumPy's arrays, of which some are in Fortran order or of another type. */
function packArrays(tensors: readonly Tensor[], random: Random): ArchiveFile[] {
  const deflated = isDeflated(random);
  return tensors.map(({ name, shape, data }) => {
    let array: Uint8Array<ArrayBuffer>;
    if (random.oneIn(300)) {
      const shown = random.pick([
        '(1,',
        '(',
        '()',
        '(-1,)',
        '(9999999999999999999,)',
        `(${'1,'.repeat(500)})`,
      ]);
      const descr = random.pick(["'<f4'", "'>f4'", "'|O'", "'__proto__'", "[('a','<f4')]", "'<f4"]);
      array = makeNpy(
        `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shown}, }`,
        data,
        random.below(4),
      );
    } else {
      const fortran = random.oneIn(20);
      const descr = random.oneIn(60) ? random.pick(['<f8', '<f2', '|V2', '<i4', '|b1']) : '<f4';
      array = npyOf(shape, data, { descr, fortran, version: random.oneIn(20) ? 2 : 1 });
    }
    return { name: `${name}.npy`, data: array, deflated: deflated() };
  });
}

/** An archive of files, sometimes with fields that are not so. */
function packZip(files: readonly ArchiveFile[], random: Random): Uint8Array {
  const wrong = (file: ArchiveFile): ArchiveFile => {
    if (!random.oneIn(150)) return file;
    const number = () => random.pick([0, 1, 2 ** 31, 2 ** 32 - 1, random.below(1 << 16)]);
    switch (random.below(7)) {
      case 0:
        return { ...file, size: number() };
      case 1:
        return { ...file, packedSize: number() };
      case 2:
        return { ...file, offset: number() };
      case 3:
        return { ...file, crc: number() };
      case 4:
        return { ...file, flags: random.below(1 << 16) };
      case 5:
        return { ...file, method: random.below(100) };
      default:
        return {
          ...file,
          name: random.pick(['', '/', '../x', 'config.json', '.npy', 'model.safetensors', 'a\\b']),
        };
    }
  };
  const zip64 = random.oneIn(10);
  const ending: ArchiveEnd = {
    zip64,
    ...(random.oneIn(20) && { comment: random.pick(['', 'PK\x05\x06', 'x'.repeat(300)]) }),
    ...(random.oneIn(80) && { count: random.below(1 << 16) }),
    ...(random.oneIn(80) && { directorySize: random.below(1 << 20) }),
    ...(random.oneIn(80) && { directoryOffset: random.below(1 << 20) }),
    ...(random.oneIn(80) && { zip64Offset: random.pick([0, 2 ** 40, random.below(1 << 16)]) }),
  };
  return makeZip(
    files.map((file) => wrong({ ...file, zip64: zip64 && random.oneIn(2) })),
    ending,
  );
}

function jsonFiles({ config, preprocessor, words }: Parts, random: Random): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  const add = (name: string, object: JsonObject | undefined) => {
    if (object) files[name] = jsonOf(object, random);
  };
  add('config.json', config);
  add('preprocessor_config.json', preprocessor);
  if (words && random.oneIn(8)) Object.assign(files, separateTokenizer(words.tokenizer, random));
  else add('tokenizer.json', words?.tokenizer);
  add('tokenizer_config.json', words?.config);
  return files;
}

/** A tokenizer as repositories have it that have no tokenizer.json. */
function separateTokenizer({ model }: JsonObject, random: Random): Record<string, Uint8Array> {
  const { vocab, merges } = { ...(model as JsonObject | null) };
  const wordOf = (part: Json) => (typeof part === 'string' ? part : JSON.stringify(part));
  const lineOf = (pair: Json) => (Array.isArray(pair) ? pair.map(wordOf).join(' ') : wordOf(pair));
  const lines = Array.isArray(merges) ? merges.map(lineOf) : [];
  return {
    'vocab.json': jsonOf(vocab ?? null, random),
    'merges.txt': text(['#version: 0.2', ...lines].join('\n')),
  };
}

function packShards(tensors: readonly Tensor[], random: Random): Record<string, Uint8Array> {
  const cut = random.below(tensors.length + 1);
  const names = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  const map: Record<string, unknown> = {};
  tensors.forEach(({ name }, at) => (map[name] = names[at < cut ? 0 : 1]));
  for (const name of Object.keys(map)) {
    if (random.oneIn(300))
      map[name] = random.pick([7, null, '../x.safetensors', 'x.bin', names[0], 'gone.safetensors']);
    if (random.oneIn(500)) delete map[name];
  }
  const index = random.oneIn(100) ? { weight_map: [map] } : { metadata: {}, weight_map: map };
  return {
    'model.safetensors.index.json': jsonOf(index, random),
    [names[0]]: packSafetensors(tensors.slice(0, cut), random),
    [names[1]]: packSafetensors(tensors.slice(cut), random),
  };
}

/** Bytes that do not know what they are: a few changed, cut out, doubled or cut off. */
function damaged(file: Uint8Array, random: Random): Uint8Array {
  if (file.length === 0) return file;
  const bytes = Array.from(file.subarray(0, 1 << 16));
  for (let left = 1 + random.below(4); left > 0 && bytes.length > 0; left--) {
    const near = Math.min(bytes.length, random.pick([16, 200, 4000, bytes.length]));
    const at = random.oneIn(2) ? random.below(near) : bytes.length - 1 - random.below(near);
    switch (random.below(5)) {
      case 0:
        bytes[at] ^= 1 << random.below(8);
        break;
      case 1:
        bytes[at] = random.pick([0, 255, 0x7b, 0x22, 0x2c, 0x39]);
        break;
      case 2:
        bytes.splice(at, random.below(64));
        break;
      case 3:
        bytes.splice(at, 0, ...bytes.slice(at, at + random.below(64)));
        break;
      default:
        bytes.length = at;
    }
  }
  return Uint8Array.from(bytes);
}

/** The files of a model. */
export function pack(model: Parts, random: Random): Packed {
  const files = jsonFiles(model, random);
  const packed = packIn(model, files, random);
  if (!random.oneIn(12)) return packed;
  const name = random.pick(Object.keys(packed.files));
  return { ...packed, files: { ...packed.files, [name]: damaged(packed.files[name], random) } };
}

function packIn(model: Parts, files: Record<string, Uint8Array>, random: Random): Packed {
  const { tensors } = model;
  switch (random.below(8)) {
    case 0:
      return { files: { ...files, ...packShards(tensors, random) }, weights: 'model.safetensors' };
    case 1: {
      const weights = 'model.npz';
      return { files: { ...files, [weights]: packZip(packArrays(tensors, random), random) }, weights };
    }
    case 2: {
      const folder = random.pick(['', 'vit/', 'a/b/']);
      const inside = { ...files, 'model.safetensors': packSafetensors(tensors, random) };
      const deflated = isDeflated(random);
      const entries = Object.entries(inside).map(([name, data]) => ({
        name: folder + name,
        data,
        deflated: deflated(),
      }));
      return { files: { 'model.zip': packZip(entries, random) }, weights: 'model.zip' };
    }
    default: {
      const weights = 'model.safetensors';
      const file = random.oneIn(150) ? foreign(random) : packSafetensors(tensors, random);
      return { files: { ...files, [weights]: file }, weights };
    }
  }
}

/** A file of another format, by its first bytes. */
function foreign(random: Random): Uint8Array {
  const start = random.pick([
    'PK\x03\x04',
    '\x80\x02',
    'GGUF',
    '\x1f\x8b',
    '<html>',
    '\x93NUMPY',
    'version ',
  ]);
  return Uint8Array.from([...start].map((sign) => sign.charCodeAt(0)).concat([...deflateRawSync('x')]));
}
