// A trained classifier as an ordinary model folder: the files that the model was loaded from, with a new head.
import type { JsonObject } from '../checkpoint/files/json.js';
import { safetensorsHeader } from '../checkpoint/formats/safetensors-header.js';
import { VitError } from '../errors.js';
import type { Sink, StoredTensor, TensorFile } from '../checkpoint/tensors.js';
import type { NameMap } from '../checkpoint/families/names.js';
import { poolings, type NativeConfig } from '../engine/bindings.js';
import type { Reopened } from '../runtime/reopen.js';
import type { FewShotCallOptions, FewShotOptions } from '../types.js';
import type { Backbone } from './backbone.js';
import { dequantized, isScale, scaleOf } from './dequantized.js';
import {
  isForeign,
  slotsOf,
  throughProjection,
  timmConfigOf,
  timmTensors,
  usualPreprocessor,
  type SlotValues,
} from './as-timm.js';
import {
  classifierOf,
  isHead,
  newTensor,
  timmHead,
  unseen,
  withHead,
  type ExportedTensor,
} from './exported-head.js';
import type { Trained } from './examples.js';

export async function exported(
  model: Backbone,
  trained: Trained,
  pool: FewShotOptions['pool'],
  { signal, onProgress }: FewShotCallOptions,
): Promise<File[]> {
  const { weights } = trained;
  if (!weights) {
    throw new VitError(
      'unsupported-option',
      'The method "knn" cannot be exported, because it is no linear layer; use "logistic" or "prototype".',
    );
  }
  signal?.throwIfAborted();
  const stop = new AbortController();
  const follow = () => stop.abort(signal?.reason);
  signal?.addEventListener('abort', follow);
  try {
    return await write(model, { ...trained, weights }, pool, stop.signal, onProgress);
  } catch (error) {
    // Closes the files that are being read.
    stop.abort(error);
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', follow);
  }
}

async function write(
  model: Backbone,
  trained: Trained & { readonly weights: Float64Array },
  pool: FewShotOptions['pool'],
  signal: AbortSignal,
  onProgress: FewShotCallOptions['onProgress'],
): Promise<File[]> {
  const opened = await reopened(model, signal);
  const { weights, json } = opened;
  const config = (await json('config.json')) ?? {};
  const names = opened.names(config);
  // Some servers answer with a page, or refuse access, for files that do not exist.
  const preprocessor = await json('preprocessor_config.json').catch((error: unknown) => {
    signal.throwIfAborted();
    if (!(error instanceof VitError)) throw error;
  });
  if (isForeign(config, names)) {
    const network = opened.network(config, names);
    checkPool(network, pool);
    if (!preprocessor && names.family.processor) throw withoutPreprocessor();
    const usual = preprocessor ?? usualPreprocessor(network);
    const stays = (name: string) => names.slots.has(name) && !isHead(name, names);
    const slots = await slotsIn(await read(weights, stays, onProgress), names);
    const projection = pool === undefined ? slots.get('joint_proj.weight') : undefined;
    slots.delete('joint_proj.weight');
    const rows = projection ? throughProjection(trained.weights, projection) : trained.weights;
    const tensors = [
      ...timmTensors(slots).map(([name, { shape, data }]) => newTensor(name, shape, data)),
      ...timmHead(trained.labels.length, rows, false),
    ];
    return filesOf(timmConfigOf(network, usual, trained.labels), tensors, usual);
  }
  const head = withHead(config, classifierOf(config), names, trained, pool);
  const kept = await read(weights, (name) => head.keeps(name), onProgress);
  const tensors = [...kept, ...head.tensors].map((tensor) => ({ ...tensor, name: head.rename(tensor.name) }));
  return filesOf(head.config, tensors, preprocessor ?? undefined);
}

/** A file of its own would have to say what its family does without one. */
function withoutPreprocessor(): VitError {
  return new VitError(
    'unsupported-model',
    'This model came without a preprocessor_config.json, so its pixels would change in another library; add the file to the ' +
      'model, or save the classifier with toJSON() instead.',
  );
}

function filesOf(config: JsonObject, tensors: readonly ExportedTensor[], preprocessor?: JsonObject): File[] {
  const parts = tensors.flatMap(({ data }) => data);
  const files = [
    jsonFile('config.json', config),
    new File([safetensorsHeader(tensors), ...parts], 'model.safetensors'),
  ];
  return preprocessor ? [...files, jsonFile('preprocessor_config.json', preprocessor)] : files;
}

/** The numbers of every slot. */
async function slotsIn(tensors: readonly ExportedTensor[], names: NameMap): Promise<Map<string, SlotValues>> {
  const slots = new Map<string, SlotValues>();
  for (const tensor of tensors) {
    const placement = names.slots.get(tensor.name);
    const bytes = new Uint8Array(await new Blob([...tensor.data]).arrayBuffer());
    for (const [slot, values] of placement ? slotsOf(tensor, placement, bytes) : []) slots.set(slot, values);
  }
  return slots;
}

/** The head that is written sees what the model itself pools. */
function checkPool({ pooling }: NativeConfig, pool: FewShotOptions['pool']): void {
  if (pool === undefined || pool === (pooling === poolings.classToken ? 'cls' : 'mean')) return;
  throw unseen('its own pooling', pool);
}

/** Reads the tensors that are kept; int8 weights become single-precision ones. */
async function read(
  weights: TensorFile,
  keeps: (name: string) => boolean,
  onProgress: FewShotCallOptions['onProgress'],
): Promise<ExportedTensor[]> {
  const pieces = new Map<string, Uint8Array<ArrayBuffer>[]>();
  const take = ({ name }: StoredTensor): Sink => {
    const own: Uint8Array<ArrayBuffer>[] = [];
    pieces.set(name, own);
    // A piece is valid only during the call.
    return (piece) => void own.push(piece.slice());
  };
  await weights.pour(
    (tensor) => (keeps(tensor.name) ? take(tensor) : undefined),
    (_, done, total) => onProgress?.({ done, total }),
  );
  const bytesOf = async (name: string) => await new Blob(pieces.get(name)).arrayBuffer();
  const tensors: ExportedTensor[] = [];
  for (const tensor of weights.tensors) {
    const { name, dtype } = tensor;
    if (!keeps(name) || isScale(name)) continue;
    if (dtype !== 'I8') {
      tensors.push({ ...tensor, data: pieces.get(name) ?? [] });
      continue;
    }
    const scales = new Uint16Array(await bytesOf(scaleOf(name)));
    const data = dequantized(new Int8Array(await bytesOf(name)), scales);
    tensors.push({ ...tensor, dtype: 'F32', bytes: data.byteLength, data: [data] });
  }
  return tensors;
}

/** Fields of config.json in which transformers needs 1.0, not 1; JavaScript writes both as 1. */
const floats =
  /("(?:layerscale_value|drop_path_rate|hidden_dropout_prob|attention_probs_dropout_prob|initializer_range|layer_norm_eps)": -?\d+)(?=[,\n])/g;

function jsonFile(name: string, object: JsonObject): File {
  const text = JSON.stringify(object, null, 2).replace(floats, '$1.0');
  return new File([text], name, { type: 'application/json' });
}

/** The files the model was loaded from, through the cache where they are in one. */
async function reopened({ origin }: Backbone, signal: AbortSignal): Promise<Reopened> {
  if (origin?.isAltered) {
    throw new VitError(
      'unsupported-option',
      'The model was loaded with `preprocess` or `imageSize`, which its files do not record; load it without them to export it.',
    );
  }
  const opened = origin?.open(signal);
  if (opened) return await opened;
  throw new VitError(
    'unsupported-option',
    'The model was loaded from bytes in memory that are gone; keep them until the export, or load it from a file.',
  );
}
