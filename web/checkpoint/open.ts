// A checkpoint's files → what the engine needs to know, and a stream standing at the first weight. Nothing here knows
// the engine; `fill` in fill.ts brings the two together.
import type { IncomingTensor } from '../engine.js';
import { hasCode, messageOf, VitError, type VitErrorCode } from '../errors.js';
import type { NativeConfig, NativePreprocess } from '../module.js';
import type { SessionRequest } from '../session.js';
import type { Progress, Size } from '../types.js';
import { ByteReader } from './byte-reader.js';
import { labelsOf } from './class-labels.js';
import { overridden, relabelled } from './overrides.js';
import { familiesFor } from './families/all.js';
import type { Family, TensorsBySlot } from './families/family.js';
import { configName, locationOf, nameOf, notFound, preprocessorName, type ModelFiles } from './files.js';
import { foreignName } from './formats.js';
import { isJsonObject, JsonFields, type JsonObject } from './json.js';
import { mapNames, splitGates, type NameMap } from './names.js';
import { checkOutcome, outcomeOf, preprocessOf, scaledTo } from './preprocessor.js';
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
  /** config.json's, or the family's where there is none. */
  readonly modelType: string;
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
  { labels, preprocess: wanted = {}, imageSize }: Pick<SessionRequest, 'labels' | 'preprocess' | 'imageSize'>,
  context: ReadContext,
): Promise<Checkpoint> {
  const [all, some] = isList(labels) ? [labels] : [undefined, labels];
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
  const { family } = names;
  const trained = family.network(fields, bySlot(weights, names));
  const usual =
    (!preprocessor && family.preprocess?.(fields, imageSize ?? sizeOf(trained))) ||
    preprocessFor(family, trained, preprocessor, imageSize);
  const size = imageSize ?? (family.anySize && outcomeOf(usual)) ?? sizeOf(trained);
  const preprocess = overridden(usual, wanted, size);
  checkOutcome(preprocess, size, preprocessor?.name ?? 'The default preprocessing');
  return {
    modelType: fields.text('model_type') ?? family.modelType,
    network: { ...trained, imageHeight: size.height, imageWidth: size.width },
    preprocess,
    labels: relabelled(labelsOf(config.object, trained.classes, all, config.name), some),
    weights,
    names: trained.gatedMlp ? splitGates(names) : names,
  };
}

const isList: (labels: unknown) => labels is readonly string[] = Array.isArray;

/** What the file asks for, or what the family's processor does without one, at the size that was asked for. */
function preprocessFor(
  family: Family,
  network: NativeConfig,
  file: { readonly object: JsonObject; readonly name: string } | undefined,
  imageSize: Size | undefined,
): NativePreprocess {
  if (file) {
    const given = preprocessOf(file.object, file.name, family.processor);
    return imageSize ? scaledTo(given, imageSize) : given;
  }
  const usual = preprocessOf({}, 'The default preprocessing', family.processor);
  if (family.anySize && !imageSize) return usual;
  return scaledTo(usual, imageSize ?? sizeOf(network));
}

function sizeOf({ imageHeight, imageWidth }: NativeConfig): Size {
  return { height: imageHeight, width: imageWidth };
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
