import { shortened, shown } from './shown.js';

/**
 * The kind of an error, for programs; the message is for people.
 *
 * | code | |
 * |---|---|
 * | `invalid-argument` | an argument or option of a call has the wrong form |
 * | `invalid-source` | the picture cannot be read: 0×0, closed, tainted, or not a picture at all |
 * | `not-found` | a file of the model does not exist |
 * | `unreadable` | a file could not be fetched or read: network, HTTP status, permissions |
 * | `html` | a server answered with a page instead of the file |
 * | `truncated` | a file is shorter than its contents should be |
 * | `integrity` | a file does not match the given `integrity`, or its cached copy is damaged |
 * | `too-large` | a file is larger than `maxBytes` |
 * | `not-safetensors` | the weights are not valid safetensors |
 * | `malformed-archive` | the archive is not a valid zip, or an array in it is not valid NumPy |
 * | `unsupported-format` | the weights are in another format: a pickle, ONNX, … |
 * | `unsupported-model` | the model is not one this library can run |
 * | `unsupported-option` | the option does not exist, or is not available in this environment |
 * | `config` | config.json is invalid or contradicts itself |
 * | `preprocessor` | preprocessor_config.json is invalid or contradicts itself |
 * | `no-head` | the model has no classification head: it has embeddings and tokens, but no classes |
 * | `tensors` | tensors are missing, left over, infinite or NaN, or of the wrong shape or dtype |
 * | `no-simd` | this browser cannot run any of the WebAssembly builds |
 * | `wasm` | the WebAssembly file could not be fetched, compiled or started |
 * | `threads` | a build with threads was requested by name, but threads are not available |
 * | `worker` | the worker could not be started, or has stopped |
 * | `not-finite` | the model's results for this picture are infinite or NaN |
 * | `engine` | the engine stopped unexpectedly, or there is not enough memory for the model |
 * | `superseded` | a newer call with `latest: true` replaced this one before its turn |
 * | `disposed` | the model was used after `dispose()` |
 */
export type VitErrorCode =
  | 'invalid-argument'
  | 'invalid-source'
  | 'not-found'
  | 'unreadable'
  | 'html'
  | 'truncated'
  | 'integrity'
  | 'too-large'
  | 'not-safetensors'
  | 'malformed-archive'
  | 'unsupported-format'
  | 'unsupported-model'
  | 'unsupported-option'
  | 'config'
  | 'preprocessor'
  | 'no-head'
  | 'tensors'
  | 'no-simd'
  | 'wasm'
  | 'threads'
  | 'worker'
  | 'not-finite'
  | 'engine'
  | 'superseded'
  | 'disposed';

/** Names and addresses in messages come from files, where they can have any length. */
const longestMessage = 1500;

/**
 * Every error of this library. The message is one plain sentence that says what was wrong and what to do; the
 * underlying error is in `cause`. An aborted call rejects with its signal's own reason instead.
 *
 * @example
 * ```ts
 * try {
 *   await load('./my-model/');
 * } catch (error) {
 *   if (error instanceof VitError && error.code === 'not-found') offerDownload();
 * }
 * ```
 */
export class VitError extends Error {
  /** `'VitError'`, even if the class has been minified. */
  override readonly name = 'VitError';
  /** The kind of error, for programs. */
  readonly code: VitErrorCode;

  constructor(code: VitErrorCode, message: string, options?: ErrorOptions) {
    super(shortened(message, longestMessage), options);
    this.code = code;
  }
}

/**
 * Whether a caught value is a {@link VitError}, including one from another copy of this package or another window,
 * which `instanceof` does not recognize.
 *
 * @example
 * ```ts
 * try {
 *   await load('./my-model/');
 * } catch (error) {
 *   if (!isVitError(error)) throw error;
 *   console.error(error.code, error.message);
 * }
 * ```
 */
export function isVitError(error: unknown): error is VitError {
  return isError(error) && error.name === 'VitError' && 'code' in error;
}

/** Whether a thrown value is an error, including one from another window or realm. */
export function isError(value: unknown): value is Error {
  const { name, message } = (value ?? {}) as Partial<Error>;
  return typeof name === 'string' && typeof message === 'string';
}

/** The message of an unknown thrown value. */
export function messageOf(error: unknown): string {
  if (!isError(error)) return typeof error === 'string' ? error : shown(error);
  return error.message || error.name;
}

/** Whether `error` is one of ours with this code. */
export function hasCode(error: unknown, code: VitErrorCode): boolean {
  return isVitError(error) && error.code === code;
}

/** The HTTP status of a failed download, if there was one. */
export function statusOf(error: VitError): number | undefined {
  const { cause } = error;
  return cause instanceof StatusError ? cause.status : undefined;
}

/** The `cause` of an error about a server's answer. */
export class StatusError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`status ${status}`);
    this.status = status;
  }
}

/** The error for a server that answered with a page: usually a single-page application's answer to everything. */
export function pageError(url: string): VitError {
  const advice = 'the file probably does not exist, and the server answers with its start page instead';
  return new VitError('html', `Got an HTML page from ${url}: ${advice}; check the address.`);
}
