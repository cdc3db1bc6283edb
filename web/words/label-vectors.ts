// The vectors of a model's classes as JSON: made once, then loaded with the image encoder alone.
import { VitError } from '../errors.js';
import { fromBase64, toBase64 } from '../platform/base64.js';
import type { WordClasses } from '../runtime/word-classes.js';
import { shown } from '../shown.js';
import type { LabelVectors, ModelInfo } from '../types.js';

const format = 'vit-wasm labels 2';

/** What the vectors belong to. */
type Owner = Pick<LabelVectors, 'model' | 'weights' | 'template'>;

export function packLabels(classes: WordClasses, { model, weights, template }: Owner): LabelVectors {
  const { labels, vectors, scale, bias, probabilities } = classes;
  return { format, model, weights, template, labels, scale, bias, probabilities, vectors: toBase64(vectors) };
}

/** The classes; throws unless the vectors are of this model's weights and everything else is valid. */
export function unpackLabels(
  packed: LabelVectors,
  { embedding: width, weightsHash, source }: Pick<ModelInfo, 'embedding' | 'weightsHash' | 'source'>,
): WordClasses {
  const { labels, scale, bias, probabilities } = packed;
  const fault = faultOf(packed);
  if (fault)
    throw new VitError('invalid-argument', `The label vectors ${fault}; make them again with setLabels.`);
  if (packed.weights !== weightsHash) {
    throw new VitError(
      'invalid-argument',
      `The label vectors were made with the weights of ${shown(packed.model)}, which differ from those of ` +
        `${shown(source)}; make them again with this model.`,
    );
  }
  const vectors = fromFloats(packed.vectors);
  if (vectors?.length !== labels.length * width) {
    const message = `The label vectors are not ${labels.length} rows of ${width} numbers; make them again with setLabels.`;
    throw new VitError('invalid-argument', message);
  }
  if (!vectors.every(Number.isFinite)) {
    throw new VitError(
      'invalid-argument',
      'The label vectors have values that are not numbers; make them again.',
    );
  }
  return { labels, vectors, scale, bias, probabilities };
}

/** What is wrong with the vectors: a predicate to append to their name. */
function faultOf({
  format: its,
  labels,
  scale,
  bias,
  probabilities,
  vectors,
  weights,
}: Partial<LabelVectors>): string | undefined {
  if (its !== format) return `have the format ${shown(its)}, not ${shown(format)}`;
  const named =
    Array.isArray(labels) && labels.length > 0 && labels.every((label) => typeof label === 'string');
  if (!named) return 'have no labels';
  if (typeof weights !== 'string') return 'do not say which weights they were made with';
  if (!Number.isFinite(scale) || !Number.isFinite(bias)) return 'have no scale and bias';
  if (probabilities !== 'softmax' && probabilities !== 'sigmoid')
    return 'do not say how logits become probabilities';
  return typeof vectors === 'string' && /^[\w+/]*={0,2}$/.test(vectors)
    ? undefined
    : 'have no vectors in base64';
}

/** Undefined if the text is no base64 after all, but was cut. */
function fromFloats(base64: string): Float32Array | undefined {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = fromBase64(base64);
  } catch {
    return undefined;
  }
  return new Float32Array(bytes.slice(0, bytes.length - (bytes.length % 4)).buffer);
}
