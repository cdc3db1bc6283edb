/** W·x + b, with each class's bias behind its weights. */
export function linearScores(weights: Float64Array, x: ArrayLike<number>, classes: number): number[] {
  const stride = weights.length / classes;
  return Array.from({ length: classes }, (_, k) => {
    let sum = weights[(k + 1) * stride - 1];
    for (let i = 0; i < x.length; i++) sum += weights[k * stride + i] * x[i];
    return sum;
  });
}
