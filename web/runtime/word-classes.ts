// Classes in words: a picture's probabilities by its cosines with the vectors of texts.
import type { NativeConfig } from '../engine/bindings.js';
import type { Engine } from '../engine/engine.js';

/** The classes of a zero-shot model, as plain data. */
export interface WordClasses {
  readonly labels: readonly string[];
  /** [labels × width], each of length 1. */
  readonly vectors: Float32Array;
  /** The logit is scale · cosine + bias, of the cosine of a picture's vector and a class's. */
  readonly scale: number;
  readonly bias: number;
  /** Whether the classes exclude each other (CLIP), or each has a probability of its own (SigLIP). */
  readonly probabilities: 'softmax' | 'sigmoid';
}

/** [labels], of the picture that the engine has preprocessed. */
export function wordLogits(
  engine: Engine,
  network: NativeConfig,
  classes: WordClasses,
): Float32Array<ArrayBuffer> {
  const picture =
    network.jointWidth > 0 ? engine.embedJoint(network.pooling, true) : engine.embed(network.pooling, true);
  return logitsOf(picture, classes);
}

/** [labels], of an embedding of length 1. */
function logitsOf(
  picture: Float32Array,
  { labels, vectors, scale, bias }: WordClasses,
): Float32Array<ArrayBuffer> {
  const width = picture.length;
  return Float32Array.from(labels, (_, label) => {
    let cosine = 0;
    for (let i = 0; i < width; i++) cosine += vectors[label * width + i] * picture[i];
    return scale * cosine + bias;
  });
}

/** Probabilities [rows][labels] of embeddings [rows × width] of length 1. */
export function wordAnswers(embeddings: Float32Array, classes: WordClasses): Float32Array<ArrayBuffer>[] {
  const width = classes.vectors.length / classes.labels.length;
  return Array.from({ length: embeddings.length / width }, (_, row) =>
    wordProbabilities(logitsOf(embeddings.subarray(row * width, (row + 1) * width), classes), classes),
  );
}

/** Logits → probabilities. */
export function wordProbabilities(
  logits: Float32Array,
  { probabilities }: WordClasses,
): Float32Array<ArrayBuffer> {
  if (probabilities === 'sigmoid') return logits.map((logit) => 1 / (1 + Math.exp(-logit)));
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return Float32Array.from(powers, (power) => power / sum);
}

/**
 * The direction [width] in which a picture's embedding raises the logit of a class; where classes exclude each other,
 * above the mean of all.
 */
export function wordDirection(
  label: number,
  { labels, vectors, scale, probabilities }: WordClasses,
): Float32Array {
  const count = labels.length;
  const width = vectors.length / count;
  return Float32Array.from({ length: width }, (_, i) => {
    let mean = 0;
    if (probabilities === 'softmax')
      for (let at = i; at < vectors.length; at += width) mean += vectors[at] / count;
    return scale * (vectors[label * width + i] - mean);
  });
}
