// A checkpoint's files → what the engine needs to know, and a stream at the first weight. Nothing here knows the
// engine; `fill` in fill.ts connects the two.
import { isVitError, statusOf, VitError, type VitErrorCode } from '../errors.js';
import type { NativeConfig, NativePreprocess } from '../engine/bindings.js';
import type { LabelVectors, LoadOptions, PreprocessOptions, Size } from '../types.js';
import { labelsOf } from './config/class-labels.js';
import { overridden, relabeled } from './config/overrides.js';
import { claimed, common } from './families/common.js';
import type { Family, SlotTensor, TensorsBySlot } from './families/family.js';
import { configName, preprocessorName, type ModelFiles } from './files/model-files.js';
import { folderOf, nothingYet, type Folder, type ReadContext } from './files/folder.js';
import { licenseOf } from './config/license.js';
import { JsonFields, parseJson, type JsonObject } from './files/json.js';
import { bestMap, mapNames, splitGates, type NameMap } from './families/names.js';
import { misplaced, partsOf } from './families/placement.js';
import { checkOutcome, checkPixelValues, outcomeOf, preprocessOf, scaledTo } from './config/preprocessor.js';
import type { OpenContext } from './rare-parts.js';
import { takesWords } from './takes-words.js';
import type { TensorFile } from './tensors.js';
import { openWeights } from './formats/weights.js';
import { checkLimit } from './files/limits.js';

export type { OpenContext, ReadContext };

/** A checkpoint whose header was read and whose weights are still to come. */
export interface Checkpoint {
  /** config.json's, or the family's where there is none. */
  readonly modelType: string;
  readonly network: NativeConfig;
  readonly preprocess: NativePreprocess;
  readonly labels: readonly string[];
  /** As its own files name it. */
  readonly license?: string | undefined;
  /** Nothing but what describes them has been read yet. */
  readonly weights: TensorFile;
  readonly names: NameMap;
}

/** What the caller of `load` may set instead of what the checkpoint says. */
export interface CheckpointOptions {
  /** All labels, or some by their names or indices. */
  readonly labels?: Exclude<LoadOptions['labels'], LabelVectors>;
  readonly preprocess?: PreprocessOptions | undefined;
  /** Instead of the size the model was trained for. */
  readonly imageSize?: Size | undefined;
}

/** Opens the files in parallel and reads everything but the weights themselves. */
export async function openCheckpoint(
  files: ModelFiles,
  { labels, preprocess: wanted = {}, imageSize }: CheckpointOptions,
  context: OpenContext,
): Promise<Checkpoint> {
  const [all, some] = isList(labels) ? [labels] : [undefined, labels];
  const outer = folderOf(files, context);
  const reading = readConfiguration(outer, context);
  const opening = openWeights(outer, context).catch(async (error: unknown) => {
    throw withHint((await reading).noConfig ?? error, files);
  });
  const [beside, { weights, folder }] = await Promise.all([reading, opening]);
  const { config, noConfig, preprocessor } =
    folder === outer ? beside : await readConfiguration(folder, context);
  const { object, name } = config ?? { object: {}, name: configName };
  const names = await namesOf(weights, object, name, context);
  const { family } = names;
  if (!config && !family.saysSizes) throw noConfig ?? folder.notFound(configName);
  const fields = new JsonFields(object, name, 'config');
  const trained = family.network(fields, bySlot(weights, names));
  const usual =
    ((!preprocessor || family.ignoresPreprocessor) &&
      family.preprocess?.(fields, imageSize ?? sizeOf(trained))) ||
    preprocessFor(family, trained, preprocessor, imageSize);
  const inWords = family.texts !== undefined && takesWords(trained);
  checkLimit(trained.classes, 'classes', name, 'classes', 'config');
  const size = imageSize ?? (family.anySize && outcomeOf(usual)) ?? sizeOf(trained);
  const source = preprocessor?.name ?? (family.preprocess ? name : 'The default preprocessing');
  checkPixelValues(usual, source, 'preprocessor');
  const preprocess = overridden(usual, wanted, size);
  checkPixelValues(preprocess, 'The option `preprocess`', 'invalid-argument');
  checkOutcome(preprocess, size, preprocessor?.name ?? 'The default preprocessing');
  return {
    modelType: fields.text('model_type') ?? family.modelType,
    network: { ...trained, imageHeight: size.height, imageWidth: size.width },
    preprocess,
    license: licenseOf(object),
    // In words they are classes themselves, and come later.
    labels: inWords ? [] : relabeled(labelsOf(object, trained.classes, all, name), some),
    weights,
    names: trained.gatedMlp ? splitGates(names) : (family.divided?.(names, trained) ?? names),
  };
}

/** Whose names the tensors have, by what config.json says. `configFile` is its name. */
async function namesOf(
  { tensors, name: file }: TensorFile,
  config: JsonObject,
  configFile: string,
  { rare }: OpenContext,
): Promise<NameMap> {
  const names = tensors.map((tensor) => tensor.name);
  const usual = bestMap(names, claimed(common, config, configFile));
  return usual ?? mapNames(names, file, (await rare()).familiesFor(config, configFile));
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

/** The tensors by the slots that they fill. */
export function bySlot({ tensors }: TensorFile, names: NameMap): TensorsBySlot {
  const slots = new Map<string, SlotTensor>();
  for (const tensor of tensors) {
    const placement = names.slots.get(tensor.name);
    if (!placement || misplaced(tensor, placement)) continue;
    for (const part of partsOf(tensor, placement))
      slots.set(part.slot, { shape: part.shape, stored: tensor.shape });
  }
  return slots;
}

export interface Configuration {
  readonly config: JsonFile | undefined;
  /** Why config.json could not be read, when that may mean that there is none. */
  readonly noConfig: VitError | undefined;
  readonly preprocessor: JsonFile | undefined;
}

/** The JSON files of a folder, those that are there. */
export async function readConfiguration(folder: Folder, context: ReadContext): Promise<Configuration> {
  let noConfig: VitError | undefined;
  const absent = (error: unknown) => {
    if (!meansAbsent(error)) throw error;
    return error;
  };
  const [config, preprocessor] = await Promise.all([
    readJson(folder, configName, 'config', context).catch(
      (error: unknown) => void (noConfig = absent(error)),
    ),
    readJson(folder, preprocessorName, 'preprocessor', context).catch((error: unknown) => void absent(error)),
  ]);
  return { config, noConfig, preprocessor };
}

export interface JsonFile {
  readonly object: JsonObject;
  /** Its name in messages. */
  readonly name: string;
}

async function readJson(
  folder: Folder,
  file: string,
  code: VitErrorCode,
  { onProgress }: ReadContext,
): Promise<JsonFile | undefined> {
  const reader = await folder.open(file);
  if (!reader) return undefined;
  const bytes = await reader.read(Infinity);
  const object = parseJson(bytes, reader.name, code);
  onProgress?.({ file, loaded: bytes.length, total: bytes.length, phase: 'config', overall: nothingYet });
  return { object, name: reader.name };
}

/** The Hub does not tell strangers whether a repository exists, so the hint names what else the text can mean. */
function withHint(error: unknown, { hint }: ModelFiles): unknown {
  if (hint === undefined || !meansAbsent(error)) return error;
  return new VitError(error.code, `${error.message.replace(/\.$/, '')}; ${hint}.`, { cause: error.cause });
}

/**
 * Some servers answer with a page for any missing file, and some refuse access instead of saying that there is none.
 */
function meansAbsent(error: unknown): error is VitError {
  return isVitError(error) && (error.code === 'html' || [401, 403].includes(statusOf(error) ?? 0));
}
