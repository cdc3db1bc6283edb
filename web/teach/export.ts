// A trained classifier as an ordinary model folder: the files that the model was loaded from, with a new head.
import type { JsonObject } from '../checkpoint/files/json.js';
import { safetensorsHeader } from '../checkpoint/formats/safetensors-header.js';
import { VitError } from '../errors.js';
import type { Reopened } from '../runtime/reopen.js';
import type { FewShotCallOptions, FewShotOptions } from '../types.js';
import type { Backbone } from './backbone.js';
import { classifierOf, withHead } from './exported-head.js';
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
  const { weights, json, names } = await reopened(model, signal);
  const config = (await json('config.json')) ?? {};
  const classifier = classifierOf(config);
  const head = withHead(config, classifier, names(config), trained, pool);
  const tensors = [...weights.tensors.filter(({ name }) => head.keeps(name)), ...head.tensors];
  const renamed = tensors.map((tensor) => ({ ...tensor, name: head.rename(tensor.name) }));
  const parts: BlobPart[] = [safetensorsHeader(renamed)];
  await weights.pour(
    // A piece is valid only during the call.
    ({ name }) => (head.keeps(name) ? (piece) => void parts.push(piece.slice()) : undefined),
    (_, done, total) => onProgress?.({ done, total }),
  );
  parts.push(...head.tensors.map(({ data }) => data));
  const files = [jsonFile('config.json', head.config), new File(parts, 'model.safetensors')];
  // Some servers answer with a page, or refuse access, for files that do not exist.
  const preprocessor = await json('preprocessor_config.json').catch((error: unknown) => {
    signal.throwIfAborted();
    if (!(error instanceof VitError)) throw error;
  });
  return preprocessor ? [...files, jsonFile('preprocessor_config.json', preprocessor)] : files;
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
      'The model was loaded with `preprocess` or `imageSize`, which its files do not say; load it without to export it.',
    );
  }
  const opened = origin?.open(signal);
  if (opened) return await opened;
  throw new VitError(
    'unsupported-option',
    'The model was loaded from bytes in memory that are gone; keep them until the export, or load it from a file.',
  );
}
