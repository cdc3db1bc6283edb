// The messages between the page and the model's worker.
import type { CacheAnswer, CacheCall } from '../cache/remote-cache.js';
import { isError, isVitError, VitError, type VitErrorCode } from '../errors.js';
import type { SessionRequest } from './session-request.js';
import type { Encoded } from '../pictures/decode.js';
import type { ModelInfo, Progress, Size } from '../types.js';
import type { TextVectors } from './text-model.js';
import type { Verb, VerbOptions, VerbResult } from './verbs.js';

/**
 * Page → worker: `load` first and once, then calls, each answered before the next: `picture`, any number of `rows`
 * (neither where none is needed, or where `run` brings the picture to be decoded), and what to `run` on it, which alone
 * is answered; answers to `cache`; `end` at any time. `call` numbers what is answered.
 */
export type Request =
  | {
      readonly type: 'load';
      readonly call: number;
      /** The lock that the worker holds while it works; see life-sign.ts. */
      readonly lifeSign: string;
      readonly request: SessionRequest;
      readonly module: WebAssembly.Module;
      /** The address of the script with what few models need, where the worker does not have it inside. */
      readonly rare: string | undefined;
      /** As the option of `load`; 'remote' is a cache of the page's own, used through messages. */
      readonly cache: boolean | { readonly name: string } | 'remote';
      /** Whether the cache is known to be empty. */
      readonly isCacheEmpty: boolean;
      /** Whether to report progress: a message for every piece takes time. */
      readonly progress: boolean;
    }
  | { readonly type: 'cached'; readonly answer: CacheAnswer }
  /** A picture begins; an unfinished one is discarded. */
  | ({ readonly type: 'picture' } & Size)
  | { readonly type: 'rows'; readonly rows: Uint8Array }
  | {
      readonly type: 'run';
      readonly call: number;
      readonly verb: Verb;
      readonly options: VerbOptions<Verb>;
      /** The picture, where it is one that the worker decodes. */
      readonly encoded: Encoded | undefined;
    }
  /** Texts as token ids, for a text encoder. */
  | { readonly type: 'encode'; readonly call: number; readonly texts: readonly (readonly number[])[] }
  | { readonly type: 'end' };

/** The result of a request. */
export type Answer = ModelInfo | VerbResult<Verb> | TextVectors;

/** Whether a message is one of ours: those of other scripts, or damaged in transit, are ignored. */
export function isRequest(data: unknown): data is Request {
  const { type, call, lifeSign } = (data ?? {}) as Partial<Record<string, unknown>>;
  if (type === 'load') return typeof call === 'number' && typeof lifeSign === 'string';
  if (type === 'run' || type === 'encode') return typeof call === 'number';
  return type === 'cached' || type === 'picture' || type === 'rows' || type === 'end';
}

/**
 * Worker → page: `started` once a load has begun; any number of `progress` and `cache` while loading, then one `done`
 * or `failed` per `load` and `run`; `kept` when all downloads of a finished load are stored; `ended`.
 */
export type Reply =
  /** Whether the worker holds its life sign during calls. */
  | { readonly type: 'started'; readonly isWatchable: boolean }
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'cache'; readonly call: CacheCall }
  | { readonly type: 'done'; readonly call: number; readonly value: Answer }
  /** Without a number, a request could not be read. */
  | { readonly type: 'failed'; readonly call?: number; readonly error: PackedError }
  | { readonly type: 'kept' }
  | { readonly type: 'ended' };

/** One end of the connection. */
export interface Port<Sent, Received> {
  postMessage(message: Sent, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<Received>) => void) | null;
  /** A message has come that cannot be read. */
  onmessageerror: ((event: MessageEvent) => void) | null;
}

/** A worker as its page sees it. */
export interface WorkerPort extends Port<Request, Reply> {
  onerror: ((event: ErrorEvent) => void) | null;
  terminate(): void;
  /** Describes what the server has at the address of the worker's script, if the script did not load. */
  explain?(): Promise<string>;
}

/** An error as plain data: cloning alone would lose its class and code. */
export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly code?: VitErrorCode | undefined;
  /** A DOMException, which is made from its message and name. */
  readonly isDomException: boolean;
  readonly cause?: PackedError | undefined;
}

export function packError(error: unknown): PackedError {
  if (!isError(error)) return { name: 'Error', message: String(error), isDomException: false };
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    code: isVitError(error) ? error.code : undefined,
    isDomException: error instanceof DOMException,
    cause: error.cause === undefined ? undefined : packError(error.cause),
  };
}

const errorClasses: Readonly<Record<string, ErrorConstructor>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
};

export function unpackError(packed: PackedError): Error {
  if (!isError(packed)) throw new TypeError('no error');
  const { name, message, stack, code, isDomException } = packed;
  if (isDomException) return new DOMException(message, name);
  const options = packed.cause ? { cause: unpackError(packed.cause) } : {};
  if (code) return withStack(new VitError(code, message, options), stack);
  const error = new (errorClasses[name] ?? Error)(message, options);
  if (error.name !== name) error.name = name;
  return withStack(error, stack);
}

function withStack(error: Error, stack: string | undefined): Error {
  if (stack !== undefined) error.stack = stack;
  return error;
}
