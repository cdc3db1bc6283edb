export interface Comparison {
  differing: number;
  maxError: number;
  /** One line of text a value, for the first few that differ. */
  first: string[];
}

/** How `actual` differs from `expected` by more than `tolerance(expected value)`; NaN always does. */
export function compare(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: (expected: number) => number,
): Comparison {
  const result: Comparison = { differing: 0, maxError: 0, first: [] };
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    result.maxError = Math.max(result.maxError, error);
    if (error <= tolerance(expected[i])) continue;
    result.differing++;
    if (result.first.length < 5) result.first.push(`  [${i}] is ${actual[i]}, expected ${expected[i]}`);
  }
  return result;
}

/**
 * Fails unless every value is within `tolerance` of the expected one: absolute, or a function of the expected value.
 * The message has the number of differing values, the largest error and the first few values.
 */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number | ((expected: number) => number),
  name: string,
): void {
  if (actual.length !== expected.length) {
    throw new Error(`${name} has ${actual.length} values, expected ${expected.length}.`);
  }
  if (expected.length === 0) throw new Error(`${name}: there is nothing to compare with.`);
  const allowed = typeof tolerance === 'number' ? () => tolerance : tolerance;
  const { differing, maxError, first } = compare(actual, expected, allowed);
  if (process.env.VIT_PRINT_ERRORS)
    process.stderr.write(`${name}: largest error ${maxError.toExponential(2)}\n`);
  if (differing === 0) return;
  const summary = `${name}: ${differing} of ${expected.length} values differ, largest error ${maxError}`;
  throw new Error([summary, ...first].join('\n'));
}
