import { messageOf, pageError, VitError, type VitErrorCode } from '../../errors.js';
import { shown } from '../../shown.js';
import { checkSurvey, surveyJson } from './json-survey.js';

/** A JSON object from a checkpoint, of whose fields nothing is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object in a JSON file; `file` is what messages call it. */
export function parseJson(bytes: Uint8Array, file: string, code: VitErrorCode): JsonObject {
  const text = new TextDecoder().decode(bytes);
  if (/^\s*</.test(text)) throw pageError(file);
  checkSurvey(surveyJson(text), file, code);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new VitError(code, `${file} is not valid JSON (${messageOf(error)}).`, { cause: error });
  }
  if (!isJsonObject(value)) throw new VitError(code, `${file} is not a JSON object.`);
  return value;
}

/**
 * Typed access to the fields of one JSON file, with errors that name the file and the field. A field that is null is
 * absent.
 */
export class JsonFields {
  readonly #object: JsonObject;
  readonly #file: string;
  readonly #code: VitErrorCode;

  constructor(object: JsonObject, file: string, code: VitErrorCode) {
    this.#object = object;
    this.#file = file;
    this.#code = code;
  }

  /** The field as it is. */
  get(name: string): unknown {
    return this.#object[name] ?? undefined;
  }

  /** A whole number of at least 1 that fits into the engine's 32 bits. */
  count(name: string): number | undefined {
    return this.#checked(name, isCount, `a whole number from 1 to ${largestCount}`);
  }

  /** A number above 0. */
  positive(name: string): number | undefined {
    const isPositive = (value: unknown): value is number => isNumber(value) && value > 0;
    return this.#checked(name, isPositive, 'a number above 0');
  }

  /** true or false. */
  flag(name: string): boolean | undefined {
    return this.#checked(name, (value) => typeof value === 'boolean', 'true or false');
  }

  text(name: string): string | undefined {
    return this.#checked(name, (value) => typeof value === 'string', 'a string');
  }

  /** The names of all fields. */
  names(): string[] {
    return Object.keys(this.#object);
  }

  /** The strings of `architectures`: the Python classes that a checkpoint was saved from. */
  architectures(): string[] {
    const names = this.get('architectures');
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  }

  /** The fields of a field that is an object; undefined for any other. */
  object(name: string): JsonFields | undefined {
    const value = this.get(name);
    return isJsonObject(value) ? new JsonFields(value, `${this.#file}, in ${name},`, this.#code) : undefined;
  }

  /** Height and width: one number for both, or [height, width]. */
  size(name: string): [height: number, width: number] | undefined {
    const isSize = (value: unknown): value is number | number[] =>
      isCount(value) || (Array.isArray(value) && value.length === 2 && value.every(isCount));
    const value = this.#checked(name, isSize, 'a whole number or [height, width]');
    if (value === undefined) return undefined;
    return typeof value === 'number' ? [value, value] : [value[0], value[1]];
  }

  /** A list of `length` whole numbers of at least 1. */
  counts(name: string, length: number): number[] | undefined {
    const areCounts = (value: unknown): value is number[] =>
      Array.isArray(value) && value.length === length && value.every(isCount);
    return this.#checked(name, areCounts, `a list of ${length} whole numbers`);
  }

  /** A list of whole numbers. */
  wholes(name: string): number[] | undefined {
    const areWholes = (value: unknown): value is number[] =>
      Array.isArray(value) && value.length > 0 && value.every((one) => one === 0 || isCount(one));
    return this.#checked(name, areWholes, 'a list of whole numbers');
  }

  /** Three numbers, or one for all three. */
  triple(name: string): [number, number, number] | undefined {
    const isTriple = (value: unknown): value is number | number[] =>
      isNumber(value) || (Array.isArray(value) && value.length === 3 && value.every(isNumber));
    const value = this.#checked(name, isTriple, 'a list of three numbers');
    if (value === undefined) return undefined;
    return typeof value === 'number' ? [value, value, value] : [value[0], value[1], value[2]];
  }

  /** The error for something wrong with this file: "<file> <what>." */
  error(what: string): VitError {
    return new VitError(this.#code, `${this.#file} ${what}.`);
  }

  /** The error for a model that cannot be run: "<file> <what>." */
  refusal(what: string): VitError {
    return new VitError('unsupported-model', `${this.#file} ${what}.`);
  }

  #checked<T>(name: string, isRight: (value: unknown) => value is T, form: string): T | undefined {
    const value = this.get(name);
    if (value === undefined || isRight(value)) return value;
    throw this.error(`has ${name} ${shown(value)}, but it should be ${form}`);
  }
}

function isNumber(value: unknown): value is number {
  // JSON has no infinity, but 1e999 is read as one.
  return Number.isFinite(value);
}

const largestCount = 2 ** 31 - 1;

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= largestCount;
}
