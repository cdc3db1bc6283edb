// The options of calls on pictures, checked and in the form that verbs take them. Classes are looked up when a call's turn
// comes, because those of a model with classes in words can change before.
import { allowedClasses, classOf } from './labels.js';
import { checkClassifyOptions, checkOptions, pictureOptions, wrong } from './options.js';
import type { VerbOptions } from './runtime/verbs.js';
import type {
  AttentionOptions,
  ClassifyOptions,
  EmbedOptions,
  LogitLensOptions,
  ModelInfo,
  PictureOptions,
  Region,
  TokensOptions,
} from './types.js';

export function classifyRequest(
  options: ClassifyOptions,
  info: () => ModelInfo,
): () => VerbOptions<'classify'> {
  checkClassifyOptions(options);
  const { topK = 5, threshold = 0 } = options;
  // The caller may change the lists before then.
  const lists = { allow: copied(options.allow), deny: copied(options.deny) };
  return () => ({ topK, threshold, classes: allowedClasses(info().labels, lists) });
}

export function embedRequest(options: EmbedOptions): VerbOptions<'embed'> {
  checkOptions(options, ['pool', 'projection', 'normalize', ...pictureOptions], 'embed');
  const { pool, projection, normalize = false } = options;
  if (pool !== undefined && pool !== 'cls' && pool !== 'mean') throw wrong('pool', pool, '"cls" or "mean"');
  if (projection !== undefined) checkFlag('projection', projection);
  return { pool, projection, normalize };
}

export function tokensRequest(options: TokensOptions, info: ModelInfo): VerbOptions<'tokens'> {
  checkOptions(options, ['layer', 'norm', ...pictureOptions], 'tokens');
  const { layer, norm = layer === undefined } = options;
  checkFlag('norm', norm);
  return { blocks: layer === undefined ? undefined : blockOf(layer, info) + 1, norm };
}

export function attentionRequest(options: AttentionOptions, info: ModelInfo): VerbOptions<'attention'> {
  checkOptions(options, ['layer', 'head', 'rollout', ...pictureOptions], 'attention');
  const { layer = -1, head, rollout = false, region } = options;
  checkFlag('rollout', rollout);
  if (head !== undefined && !(Number.isInteger(head) && head >= 0 && head < info.heads)) {
    throw wrong('head', head, `a whole number from 0 to ${info.heads - 1}`);
  }
  return { layer: blockOf(layer, info), head, rollout, origin: originOf(region) };
}

export function explainRequest(
  label: string | number,
  options: PictureOptions,
  info: () => ModelInfo,
): () => VerbOptions<'explain'> {
  checkOptions(options, pictureOptions, 'explain');
  const origin = originOf(options.region);
  // Models without a head are rejected elsewhere.
  return () => ({ label: info().classes > 0 ? classOf(label, info().labels) : 0, origin });
}

export function lensRequest(options: LogitLensOptions): VerbOptions<'logitLens'> {
  checkOptions(options, ['topK', 'patches', ...pictureOptions], 'logitLens');
  const { topK = 5, patches = false } = options;
  if (!Number.isInteger(topK) || topK < 1) throw wrong('topK', topK, 'a whole number of at least 1');
  checkFlag('patches', patches);
  return { topK, patches };
}

/** What is no list is refused when it is read. */
const copied = <T>(list: T): T => (Array.isArray(list) ? (list.slice() as T) : list);

/** The index of an encoder block, which may be counted from the last. */
function blockOf(layer: number, { layers }: ModelInfo): number {
  if (Number.isInteger(layer) && layer >= -layers && layer < layers)
    return layer < 0 ? layers + layer : layer;
  throw wrong(
    'layer',
    layer,
    `a whole number from 0 to ${layers - 1}, or from -${layers} to -1 from the last`,
  );
}

function originOf(region: Region | undefined): { x: number; y: number } {
  return { x: region?.x ?? 0, y: region?.y ?? 0 };
}

function checkFlag(option: string, value: unknown): void {
  if (typeof value !== 'boolean') throw wrong(option, value, 'true or false');
}
