// A checkpoint's files → what the engine needs to know, and a stream standing at the first weight. Nothing here knows
// the engine; `fill` in fill.ts brings the two together.
import type { IncomingTensor } from '../engine.js';
import { hasCode, messageOf, VitError, type VitErrorCode } from '../errors.js';
import type { NativeConfig, NativePreprocess } from '../module.js';
import type { Progress } from '../types.js';
import { ByteReader } from './byte-reader.js';
import { labelsOf } from './class-labels.js';
import { familiesFor } from './families/all.js';
import type { TensorsBySlot } from './families/family.js';
import { configName, locationOf, nameOf, notFound, preprocessorName, type ModelFiles } from './files.js';
import { foreignName } from './formats.js';
import { isJsonObject, JsonFields, type JsonObject } from './json.js';
import { mapNames, type NameMap } from './names.js';
import { defaultPreprocess, preprocessOf } from './preprocessor.js';
import { misplaced, partsOf } from './placement.js';
import { openSafetensors } from './safetensors.js';
import { pageError, type OpenFile } from './source.js';
import type { TensorFile } from './tensors.js';

/** What opening and filling need besides the files. */
export interface ReadContext {
  readonly open: OpenFile;
  /** Aborting it lets go of every file. */
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** A checkpoint whose header was read and whose weights are still to come. */
export interface Checkpoint {
  readonly network: NativeConfig;
  readonly preprocess: NativePreprocess;
  readonly labels: readonly string[];
  /** Nothing but what describes them has been read yet. */
  readonly weights: TensorFile;
  readonly names: NameMap;
}

/** Opens the three files at once and reads all but the weights themselves. */
export async function openCheckpoint(
  files: ModelFiles,
  labels: readonly string[] | undefined,
  context: ReadContext,
): Promise<Checkpoint> {
  const [config, preprocessor, weights] = await Promise.all([
    readJson(files, configName, 'config', context),
    readJson(files, preprocessorName, 'preprocessor', context),
    openWeights(files, context),
  ]);
  if (!config) throw notFound(files, configName);
  const names = mapNames(
    weights.tensors.map(({ name }) => name),
    weights.name,
    familiesFor(config.object, config.name),
  );
  const fields = new JsonFields(config.object, config.name, 'config');
  const network = names.family.network(fields, bySlot(weights, names));
  const image = { height: network.imageHeight, width: network.imageWidth };
  return {
    network,
    preprocess: preprocessor
      ? preprocessOf(preprocessor.object, image, preprocessor.name)
      : defaultPreprocess(image),
    labels: labelsOf(config.object, network.classes, labels, config.name),
    weights,
    names,
  };
}

function bySlot({ tensors }: TensorFile, names: NameMap): TensorsBySlot {
  const slots = new Map<string, IncomingTensor>();
  for (const tensor of tensors) {
    const placement = names.slots.get(tensor.name);
    if (!placement || misplaced(tensor, placement)) continue;
    for (const part of partsOf(tensor, placement)) slots.set(part.slot, part);
  }
  return slots;
}

async function openWeights(files: ModelFiles, context: ReadContext): Promise<TensorFile> {
  const foreign = foreignName(files.weights);
  if (foreign) throw foreign;
  const location = locationOf(files, files.weights);
  const stream = location && (await context.open(location, files.weights, context.signal));
  if (!stream) throw notFound(files, files.weights);
  const reader = new ByteReader(stream, nameOf(location, files.weights), context.signal);
  return await openSafetensors(reader, files.weights);
}

/** One of the JSON files; undefined when there is none, also where a server has a page for whatever is missing. */
async function readJson(
  files: ModelFiles,
  file: string,
  code: VitErrorCode,
  { open, signal, onProgress }: ReadContext,
): Promise<{ object: JsonObject; name: string } | undefined> {
  const location = locationOf(files, file);
  if (!location) return undefined;
  const name = nameOf(location, file);
  const stream = await open(location, file, signal).catch((error: unknown) => {
    if (file === preprocessorName && hasCode(error, 'html')) return undefined;
    throw error;
  });
  if (!stream) return undefined;
  const bytes = await new ByteReader(stream, name, signal).read(Infinity);
  const object = parse(new TextDecoder().decode(bytes), name, code);
  onProgress?.({ file, loaded: bytes.length, total: bytes.length, phase: 'config' });
  return { object, name };
}

function parse(text: string, name: string, code: VitErrorCode): JsonObject {
  if (/^\s*</.test(text)) throw pageError(name);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new VitError(code, `${name} is not valid JSON (${messageOf(error)}).`, { cause: error });
  }
  if (!isJsonObject(value)) throw new VitError(code, `${name} is not a JSON object.`);
  return value;
}
