// Prototypes (Snell et al. 2017, "Prototypical Networks for Few-shot Learning"): a class is the mean of its examples,
// and scores are −|x − mean|² / T. Without |x|², which is the same for all classes, that is a linear layer.
import type { Examples } from './examples.js';

/** [classes × (width + 1)]: 2·mean / T, followed by −|mean|² / T. */
export function prototypes(examples: Examples): Float64Array {
  const { width, classes } = examples;
  const means = meansOf(examples);
  const temperature = temperatureFor(examples);
  const weights = new Float64Array(classes * (width + 1));
  for (let k = 0; k < classes; k++) {
    let squares = 0;
    for (let i = 0; i < width; i++) {
      const mean = means[k * width + i];
      squares += mean * mean;
      weights[k * (width + 1) + i] = (2 * mean) / temperature;
    }
    weights[k * (width + 1) + width] = -squares / temperature;
  }
  return weights;
}

/** −|x − mean|² for each class, of an example that is left out of its own class's mean. */
export function leavingOneOut(examples: Examples): (example: number) => number[] {
  const [means, sizes] = [meansOf(examples), sizesOf(examples)];
  return (example) => distancesWithout(examples, means, sizes, example).map((distance) => -distance);
}

/**
 * The temperature that makes examples left out of their own mean most probable: it minimizes the
 * −log softmax(−distance / T)[own class], found by golden-section search over the magnitudes around the mean distance.
 */
function temperatureFor(examples: Examples): number {
  const [means, sizes] = [meansOf(examples), sizesOf(examples)];
  // Classes of one example have no mean without it.
  const tried = [...examples.labels.keys()].filter((example) => sizes[examples.labels[example]] > 1);
  const chosen = tried.length > 0 ? tried : [...examples.labels.keys()];
  const distances = chosen.map((example) => distancesWithout(examples, means, sizes, example));
  const typical =
    distances.flat().reduce((sum, distance) => sum + distance, 0) / distances.flat().length || 1;
  // Nothing to learn from: half of the mean distance.
  if (tried.length === 0) return typical / 2;
  const loss = (exponent: number) => {
    const temperature = typical * 2 ** exponent;
    return chosen.reduce((sum, example, at) => {
      const own = distances[at][examples.labels[example]];
      return (
        sum + Math.log(distances[at].reduce((all, other) => all + Math.exp((own - other) / temperature), 0))
      );
    }, 0);
  };
  return typical * 2 ** smallestBetween(-8, 2, loss);
}

function smallestBetween(from: number, to: number, f: (x: number) => number): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [from, to];
  for (let step = 0; step < 30; step++) {
    const [a, b] = [high - golden * (high - low), low + golden * (high - low)];
    if (f(a) <= f(b)) high = b;
    else low = a;
  }
  return (low + high) / 2;
}

function meansOf({ data, width, labels, classes }: Examples): Float64Array {
  const means = new Float64Array(classes * width);
  const sizes = sizesOf({ labels, classes });
  labels.forEach((label, example) => {
    for (let i = 0; i < width; i++) means[label * width + i] += data[example * width + i] / sizes[label];
  });
  return means;
}

function sizesOf({ labels, classes }: Pick<Examples, 'labels' | 'classes'>): number[] {
  const sizes = Array<number>(classes).fill(0);
  for (const label of labels) sizes[label]++;
  return sizes;
}

/** |x − mean|²; x's own class has the mean of its other examples, or is infinitely far where there are none. */
function distancesWithout(
  { data, width, labels, classes }: Examples,
  means: Float64Array,
  sizes: readonly number[],
  example: number,
): number[] {
  const own = labels[example];
  return Array.from({ length: classes }, (_, k) => {
    let squares = 0;
    for (let i = 0; i < width; i++) squares += (data[example * width + i] - means[k * width + i]) ** 2;
    if (k !== own) return squares;
    const size = sizes[own];
    // x − (n·mean − x) / (n − 1) = (x − mean) · n / (n − 1)
    return size > 1 ? squares * (size / (size - 1)) ** 2 : Infinity;
  });
}
