// What a case of a malformed model is, and what most of them are made of.
import type { VitErrorCode } from '../../../web/errors.js';
import { safetensors, tinyConfig, tinyTensors } from '../../web/tiny-checkpoint.js';

export type Files = Record<string, Uint8Array>;

/** A model with something wrong, and what `load` has to say. */
export interface Malformed {
  readonly name: string;
  readonly files: () => Files;
  /** The name of the weights' file. */
  readonly weights: string;
  readonly code: VitErrorCode;
  /** What the sentence says of the cause. */
  readonly says: string;
}

/** A case whose weights' file alone is wrong. */
export type Row = readonly [name: string, code: VitErrorCode, says: string, make: () => Uint8Array];

export const text = (content: string) => new TextEncoder().encode(content);
export const latin1 = (content: string) => Uint8Array.from(content, (character) => character.charCodeAt(0));
export const json = (value: unknown) => text(JSON.stringify(value));

export const nothing = new Uint8Array();
export const page = text('<!DOCTYPE html><title>Sign in</title>');
export const config = json(tinyConfig);
export const whole = safetensors(tinyTensors());

/** The rows as cases, with the other files of the model. */
export function weightsOf(kind: string, rows: readonly Row[], others: Files): Malformed[] {
  return rows.map(([name, code, says, make]) => ({
    name: `${kind} ${name}`,
    files: () => ({ ...others, 'model.safetensors': make() }),
    weights: 'model.safetensors',
    code,
    says,
  }));
}
