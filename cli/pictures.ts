// Files → pixels, by the decoders of @jsquash: optional packages, whose pixels are those of Pillow.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { VitError } from '../web/errors.js';
import type { RawImage } from '../web/types.js';

interface Format {
  readonly name: string;
  /** Its first bytes, as Latin-1 text. */
  readonly starts: RegExp;
  readonly wasm: string;
  readonly options?: object;
}

const formats: readonly Format[] = [
  // Upright by its EXIF orientation, as browsers and Python's loaders have it.
  {
    name: 'jpeg',
    starts: /^\xff\xd8\xff/,
    wasm: 'codec/dec/mozjpeg_dec.wasm',
    options: { preserveOrientation: true },
  },
  { name: 'png', starts: /^\x89PNG/, wasm: 'codec/pkg/squoosh_png_bg.wasm' },
  { name: 'webp', starts: /^RIFF....WEBP/s, wasm: 'codec/dec/webp_dec.wasm' },
];

interface Decoder {
  readonly default: (file: ArrayBuffer, options?: object) => Promise<RawImage>;
  init(module: WebAssembly.Module): Promise<void>;
}

const ready = new Map<Format, Promise<Decoder>>();

/** The pixels of a PNG, JPEG or WebP file, known by its first bytes. */
export async function readPicture(path: string): Promise<RawImage> {
  const file = await readFile(path).catch((cause: unknown) => {
    throw new VitError('invalid-source', `${path} could not be read (${(cause as Error).message}).`, {
      cause,
    });
  });
  const start = file.subarray(0, 16).toString('latin1');
  const format = formats.find(({ starts }) => starts.test(start));
  if (!format) throw new VitError('invalid-source', `${path} is not a PNG, JPEG or WebP file.`);
  let starting = ready.get(format);
  if (!starting) ready.set(format, (starting = startDecoder(format)));
  const { default: decode } = await starting;
  try {
    return await decode(new Uint8Array(file).buffer, format.options);
  } catch (cause) {
    throw new VitError('invalid-source', `${path} is damaged: it could not be decoded.`, { cause });
  }
}

async function startDecoder({ name, wasm }: Format): Promise<Decoder> {
  // The decoders return an ImageData, which Node does not have.
  Object.assign(globalThis, { ImageData: globalThis.ImageData ?? Picture });
  const [script, binary] = [`@jsquash/${name}/decode.js`, `@jsquash/${name}/${wasm}`].map(installed);
  if (script === undefined || binary === undefined) {
    throw new VitError(
      'unsupported-option',
      `To read ${name.toUpperCase()} files, install their decoder in this folder: npm install @jsquash/${name}; or run ` +
        `npx -p vit-wasm -p @jsquash/${name} vit-wasm.`,
    );
  }
  const decoder = (await import(pathToFileURL(script).href)) as Decoder;
  await decoder.init(await WebAssembly.compile(await readFile(binary)));
  return decoder;
}

/** A package's file: beside this program or, as npx keeps that in a folder of its own, where it is called from. */
function installed(file: string): string | undefined {
  for (const place of [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json'))]) {
    try {
      return createRequire(place).resolve(file);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error;
    }
  }
  return undefined;
}

class Picture implements RawImage {
  constructor(
    readonly data: Uint8ClampedArray,
    readonly width: number,
    readonly height: number,
  ) {}
}
