// What a loaded model can do, each verb written once: run in place and in the worker alike.
import { VitError } from '../errors.js';
import { predictionOf, topPredictions, type Choice } from '../labels.js';
import { poolings, type NativeConfig, type Pooling } from '../engine/bindings.js';
import { regressionVerbs } from './regression-verbs.js';
import type { Session } from './session.js';
import type { TextVectors } from './text-model.js';
import {
  wordAnswers,
  wordDirection,
  wordLogits,
  wordProbabilities,
  type WordClasses,
} from './word-classes.js';
import type { EmbedOptions, LayerAnswer, PatchMap, Prediction, Tokens } from '../types.js';

type Embedding = Pick<EmbedOptions, 'pool' | 'projection'> & { readonly normalize: boolean };

interface TokensRequest {
  /** Encoder blocks to run; all by default. */
  readonly blocks?: number | undefined;
  /** Whether the tokens go through the final norm. */
  readonly norm: boolean;
}

/** Where the pixels begin in the caller's picture. */
interface Origin {
  readonly x: number;
  readonly y: number;
}

interface AttentionRequest {
  readonly layer: number;
  readonly head: number | undefined;
  readonly rollout: boolean;
  readonly origin: Origin;
}

interface ExplainRequest {
  readonly label: number;
  readonly origin: Origin;
}

interface LensRequest {
  readonly topK: number;
  readonly patches: boolean;
}

/**
 * A verb works on the engine's pixel values and, where it has any, takes options, which are plain data; so is its
 * result.
 */
type VerbBody = (session: Session, options: never) => unknown;

export const verbs = {
  /** The most probable classes, the most probable first. */
  classify(session: Session, options: Choice): Prediction[] {
    const { classes, engine } = session;
    if (classes) {
      const logits = finite('logits', wordLogits(engine, session.network, classes));
      return topPredictions(wordProbabilities(logits, classes), classes.labels, options);
    }
    checkHead(session, 'classify');
    engine.forward();
    finite('logits', engine.logits());
    return topPredictions(engine.probabilities(), session.info.labels, options);
  },

  /** [classes], before softmax. */
  logits(session: Session): Float32Array<ArrayBuffer> {
    const { classes, engine, network } = session;
    if (classes) return finite('logits', wordLogits(engine, network, classes));
    checkHead(session, 'logits');
    session.engine.forward();
    return finite('logits', session.engine.logits());
  },

  /** [hidden] or [projection], one vector for the whole picture. */
  embed(
    { engine, network }: Session,
    { pool, projection = pool === undefined, normalize }: Embedding,
  ): Float32Array<ArrayBuffer> {
    const pooling = embeddingPooling(network, pool);
    const joint = projection && network.jointWidth > 0;
    if (joint && pool !== undefined) {
      throw new VitError(
        'invalid-argument',
        "The projection applies only to the model's own pooling; omit `pool` or `projection`.",
      );
    }
    const embedding = joint ? engine.embedJoint(pooling, normalize) : engine.embed(pooling, normalize);
    return finite('embedding values', embedding);
  },

  /** [tokens × hidden], after so many encoder blocks. */
  tokens(session: Session, { blocks, norm }: TokensRequest): Tokens {
    const { engine, network } = session;
    if (blocks !== undefined && blocks < network.layers) checkWhole(session, 'tokens of earlier blocks');
    const { data, rows, columns } = engine.tokens(blocks, norm);
    finite('tokens', data);
    return { data, tokens: rows, hidden: columns, ...session.engine.grid, prefix: engine.prefix };
  },

  /** What the pooled token reads, or the patches on average. */
  attention(session: Session, { layer, head, rollout, origin }: AttentionRequest): PatchMap {
    checkWhole(session, 'attention');
    return map(session, session.engine.attention(layer, head, rollout), origin);
  },

  /** What each patch adds to the logit of a class. */
  explain(session: Session, { label, origin }: ExplainRequest): PatchMap {
    const { classes, engine } = session;
    if (!classes) checkHead(session, 'explain');
    checkWhole(session, 'explain');
    const data = classes ? engine.explainTowards(wordDirection(label, classes)) : engine.explain(label);
    return map(session, data, origin);
  },

  /** What every encoder block would answer. */
  logitLens(session: Session, { topK, patches }: LensRequest): LayerAnswer[] {
    if (session.classes) return lensInWords(session, session.classes, { topK, patches });
    checkHead(session, 'logitLens');
    checkWhole(session, 'logitLens');
    const { labels } = session.info;
    const { layers, classes } = session.network;
    const { probabilities, patchClasses, patchProbabilities } = session.engine.lens(patches);
    finite('probabilities', probabilities);
    return Array.from({ length: layers }, (_, layer) => {
      const ofLayer = probabilities.subarray(layer * classes, (layer + 1) * classes);
      const predictions = topPredictions(ofLayer, labels, { topK, threshold: 0 });
      if (!patchClasses || !patchProbabilities) return { layer, predictions };
      const count = patchClasses.length / layers;
      const predict = (_: unknown, patch: number) => {
        const at = layer * count + patch;
        return predictionOf(patchClasses[at], patchProbabilities[at], labels);
      };
      return { layer, predictions, patches: Array.from({ length: count }, predict) };
    });
  },

  /** Replaces the classes; takes no picture. */
  setClasses(session: Session, classes: WordClasses): Record<string, never> {
    session.classes = classes;
    return {};
  },

  /** The pixel values [3 × height × width]. */
  preprocess(session: Session): Float32Array<ArrayBuffer> {
    return session.engine.pixelValues();
  },

  ...regressionVerbs,
} satisfies Record<string, VerbBody>;

export type Verb = keyof typeof verbs;
/** Its options besides the picture, if any. */
export type VerbOptions<V extends Verb> = Parameters<(typeof verbs)[V]>[1];
export type VerbResult<V extends Verb> = ReturnType<(typeof verbs)[V]>;

/** What every encoder block would answer of classes in words. */
function lensInWords(
  { engine, network }: Session,
  classes: WordClasses,
  { topK, patches }: LensRequest,
): LayerAnswer[] {
  if (patches && network.pooling === poolings.attention) {
    throw new VitError(
      'invalid-argument',
      'This model pools its tokens by attention, so a patch alone has no answer; leave out `patches`.',
    );
  }
  const { labels } = classes;
  const seen = engine.embeddingLens(patches);
  finite('embedding values', seen.pictures);
  finite('embedding values', seen.patches);
  const ofPatches = wordAnswers(seen.patches, classes);
  const count = ofPatches.length / network.layers;
  const best = (probabilities: Float32Array) =>
    topPredictions(probabilities, labels, { topK: 1, threshold: 0 })[0];
  return wordAnswers(seen.pictures, classes).map((probabilities, layer) => {
    const predictions = topPredictions(probabilities, labels, { topK, threshold: 0 });
    if (!patches) return { layer, predictions };
    return { layer, predictions, patches: ofPatches.slice(layer * count, (layer + 1) * count).map(best) };
  });
}

/** Performs one verb on the picture that the engine has preprocessed. */
export function perform<V extends Verb>(session: Session, verb: V, options: VerbOptions<V>): VerbResult<V> {
  const body = verbs[verb] as (session: Session, options: VerbOptions<V>) => VerbResult<V>;
  return session.engine.guard(() => body(session, options));
}

/** Texts as token ids → their vectors. */
export async function encodeTexts(
  { texts }: Session,
  ids: readonly (readonly number[])[],
): Promise<TextVectors> {
  if (!texts) throw new VitError('worker', 'Texts were given to a model that has no text encoder.');
  const vectors = await texts.encode(ids);
  finite('embedding values', vectors.data, 'these texts');
  return vectors;
}

/**
 * The same values, none of them infinite or NaN. A model may compute such values although every weight is finite, and
 * an answer made from them would look ordinary. The kernels propagate them to the end.
 */
function finite(
  what: string,
  values: Float32Array<ArrayBuffer>,
  given = 'this picture',
): Float32Array<ArrayBuffer> {
  let sum = 0; // NaN as soon as one is not finite
  for (const value of values) sum += value * 0;
  if (sum === 0) return values;
  throw new VitError(
    'not-finite',
    `The model's ${what} for ${given} are infinite or NaN: its weights are damaged or too large for single ` +
      'precision. Download the model again, or load another one.',
  );
}

/** Refuses to look inside a model whose blocks work on different grids, window by window. */
function checkWhole({ network }: Session, what: string): void {
  if (network.windows.stages.length === 0) return;
  throw new VitError(
    'invalid-argument',
    `This model is a Swin Transformer, which attends within windows, so ${what} cannot be shown on one grid; ` +
      'use classify, embed or tokens, or load a plain Vision Transformer.',
  );
}

function map(session: Session, data: Float32Array<ArrayBuffer>, origin: Origin): PatchMap {
  const { x, y, width, height } = session.engine.box;
  finite('attention', data);
  return { data, ...session.engine.grid, box: { x: x + origin.x, y: y + origin.y, width, height } };
}

function checkHead({ network, info }: Session, verb: string): void {
  if (network.classes > 0) return;
  if (info.words) {
    throw new VitError(
      'no-head',
      `This model has no classification head, so ${verb} is not available until it has classes in words: pass the ` +
        "`labels` option to load, or call setLabels(['a cat', 'a dog']); embed and tokens work without.",
    );
  }
  throw new VitError(
    'no-head',
    `This model has no classification head, so ${verb} is not available; use embed or tokens, or load a ` +
      'checkpoint fine-tuned for classification.',
  );
}

function embeddingPooling({ classToken, pooling }: NativeConfig, pool: EmbedOptions['pool']): Pooling {
  if (pool === undefined && pooling === poolings.attention) return pooling;
  const ownMean = pooling === poolings.meanPatches || pooling === poolings.meanTokens;
  if (pool === 'cls' || (pool === undefined && !ownMean)) {
    if (classToken) return poolings.classToken;
    throw new VitError('invalid-argument', "This model has no class token; use `pool: 'mean'`.");
  }
  return ownMean ? pooling : poolings.meanPatches;
}
