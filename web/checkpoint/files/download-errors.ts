// What messages say of a download that fails.
import { isError, messageOf, StatusError, VitError } from '../../errors.js';
import { retryAfterOf } from './http-answer.js';
import { pageOrigin } from './own-origin.js';

/** A temporary status, and how long the server asks to wait. */
export class Busy extends Error {
  readonly wait: number;

  constructor(response: Response) {
    super(`status ${response.status}`);
    this.wait = retryAfterOf(response);
  }
}

/** How far a download has come. */
export interface Attempts {
  readonly url: string;
  /** Of the latest answer, if there was one. */
  readonly status: number | undefined;
  /** Bytes passed on. */
  readonly received: number;
  /** Failures in a row that brought nothing new. */
  readonly failures: number;
  /** All failures. */
  readonly resumes: number;
}

/** The error of a download that is not tried again after `cause`. */
export function givenUp(
  cause: unknown,
  { url, status, received: bytes, failures, resumes }: Attempts,
): VitError {
  const received = `${bytes.toLocaleString('en')} bytes`;
  const times = failures === 1 ? 'once' : `${failures} times in a row`;
  const tried = resumes > failures ? `requested ${resumes} times` : `tried ${times}`;
  if (status === undefined) {
    return unreadable(
      `Could not fetch ${url} (${reasonOf(cause)}; ${tried}, ${received} received): ${connectionAdvice}.`,
      cause,
    );
  }
  if (cause instanceof Busy) {
    const when = cause.wait > 0 ? `in ${Math.ceil(cause.wait / 1000).toLocaleString('en')} seconds` : 'later';
    return unreadable(
      `Got status ${status} from ${url} (${tried}, ${received} received): try again ${when}.`,
      cause,
    );
  }
  return unreadable(
    `Reading ${url} broke off after ${received} (${reasonOf(cause)}; status ${status}, ${tried}); try again.`,
    cause,
  );
}

/** The error for a status that trying again does not change. */
export function refused(url: string, status: number): VitError {
  const reason =
    status === 401 || status === 403
      ? 'the file is private, gated, or does not exist; a private Hub repository needs the `token` option'
      : 'the server could not give the file; check the address';
  return unreadable(`Got status ${status} from ${url}: ${reason}.`, new StatusError(status));
}

/** The error for a file whose later bytes are of another version. */
export function changedMeanwhile(url: string, status: number | undefined, received: number): VitError {
  return unreadable(
    `${url} changed on its server while it was being read (status ${status}, after ` +
      `${received.toLocaleString('en')} bytes); load it again.`,
  );
}

const connectionAdvice =
  pageOrigin === undefined
    ? 'check the address and the network connection'
    : 'check the address, the connection, and that the server lets this page read it (CORS)';

function unreadable(message: string, cause?: unknown): VitError {
  return new VitError('unreadable', message, { cause });
}

/** What went wrong; Node's message is only "fetch failed", with the reason as its cause. */
function reasonOf(error: unknown): string {
  const cause = isError(error) ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : `${messageOf(error)}: ${messageOf(cause)}`;
}
