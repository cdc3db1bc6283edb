// What the verbs that look inside a model take and return.
import type { PictureOptions, Prediction } from './calls.js';

/** A rectangle in a picture, in pixels, not necessarily whole ones. */
export interface Box {
  /** Pixels to the left of it; negative where the model sees padding beyond the picture's edge. */
  readonly x: number;
  /** Pixels above it; negative as `x` is. */
  readonly y: number;
  /** Its width. */
  readonly width: number;
  /** Its height. */
  readonly height: number;
}

/** One value for each patch of a picture. */
export interface PatchMap {
  /** [rows × columns], row by row. */
  readonly data: Float32Array<ArrayBuffer>;
  /** Rows of patches. */
  readonly rows: number;
  /** Columns of patches. */
  readonly columns: number;
  /** The part of the picture that the patches cover: where to draw the map on top of it. */
  readonly box: Box;
}

/** Options of {@link Model.attention}. */
export interface AttentionOptions extends PictureOptions {
  /** The encoder block, from 0; negative numbers count from the last. Default: the last. */
  readonly layer?: number | undefined;
  /** The attention head, from 0. Default: the mean over heads. */
  readonly head?: number | undefined;
  /**
   * Attention rollout (Abnar & Zuidema 2020): the product of all blocks up to `layer`, with their residual connections.
   * Default false.
   */
  readonly rollout?: boolean | undefined;
}

/** Options of {@link Model.tokens}. */
export interface TokensOptions extends PictureOptions {
  /**
   * The encoder block after which to take the tokens, from 0; negative numbers count from the last. Default: after all
   * blocks and the final norm.
   */
  readonly layer?: number | undefined;
  /** Whether to apply the model's final layer norm. Default: true, or false where a `layer` is given. */
  readonly norm?: boolean | undefined;
}

/** Options of {@link Model.logitLens}. */
export interface LogitLensOptions extends PictureOptions {
  /** How many predictions to return for each layer. Default 5. */
  readonly topK?: number | undefined;
  /** Whether to also predict a class for every patch. Default false. */
  readonly patches?: boolean | undefined;
}

/** What the model would answer after one of its encoder blocks. */
export interface LayerAnswer {
  /** The encoder block, from 0. */
  readonly layer: number;
  /** The most probable classes, the most probable first. */
  readonly predictions: Prediction[];
  /** The most probable class of each patch, row by row, if requested. */
  readonly patches?: Prediction[] | undefined;
}
