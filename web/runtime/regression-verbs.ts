// Verbs that need no picture: they solve logistic regressions where the model runs. Each is a piece of work of about a
// tenth of a second with everything it needs, so that others come between and an abort has an effect.
import { linearScores } from './linear-scores.js';
import type { RegressionProblem } from '../engine/regression.js';
import type { Session } from './session.js';

/** Where a logistic regression has come to. */
export interface RegressionState {
  /** [classes × (width + 1)], each class's bias behind its weights. */
  readonly data: Float64Array;
  /** Whether that is the solution. */
  readonly isSolved: boolean;
}

/** L-BFGS needs 20 to 100 where examples can be told apart. */
const mostIterations = 2000;

export const regressionVerbs = {
  /** Solves on from `start`. */
  solveRegression(
    { engine }: Session,
    { iterations, ...problem }: RegressionProblem & { readonly iterations: number },
  ): RegressionState {
    const regression = engine.regression(problem);
    try {
      const isSolved = regression.solve(iterations);
      return { data: regression.weights, isSolved };
    } finally {
      regression.dispose();
    }
  },

  /**
   * [left out × classes]: the scores of examples, each by the regression of all others. `start` is the solution of all.
   */
  leaveOneOut(
    { engine }: Session,
    { leftOut, start, ...problem }: Required<RegressionProblem> & { readonly leftOut: readonly number[] },
  ): { readonly data: Float32Array } {
    const { examples, labels, classes } = problem;
    const width = examples.length / labels.length;
    const regression = engine.regression(problem);
    try {
      const data = leftOut.flatMap((example) => {
        regression.weights = start;
        regression.leftOut = example;
        regression.solve(mostIterations);
        return linearScores(
          regression.weights,
          examples.subarray(example * width, (example + 1) * width),
          classes,
        );
      });
      return { data: Float32Array.from(data) };
    } finally {
      regression.dispose();
    }
  },
};
