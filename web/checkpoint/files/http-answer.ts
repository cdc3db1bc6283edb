// What the headers of an answer say: which version of a file it is, which part of it, and when to ask again.

/** What tells one version of a file from another, as far as the server shows it. */
export interface Version {
  readonly etag: string | null;
  readonly modified: string | null;
  /** The length of the whole file. */
  readonly bytes: number | undefined;
}

/** Statuses after which another try may succeed. */
export const passing: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

/** A version as a text, where the server shows enough of it to tell it from others. */
export function textOf({ etag, modified, bytes }: Version): string | undefined {
  return validatorOf({ etag, modified, bytes }) && JSON.stringify([etag, modified, bytes ?? null]);
}

/** What `textOf` made a text of. */
export function versionFrom(text: string): Version {
  const [etag, modified, bytes] = JSON.parse(text) as [string | null, string | null, number | null];
  return { etag, modified, bytes: bytes ?? undefined };
}

/** Whether two such texts are shown to be of different versions. */
export function isOtherVersion(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && differs(versionFrom(a), versionFrom(b));
}

export function versionOf(response: Response): Version {
  const { headers, status } = response;
  const length = isEncoded(response) ? null : headers.get('content-length');
  return {
    etag: headers.get('etag'),
    modified: headers.get('last-modified'),
    bytes: status === 206 ? rangeOf(response)?.total : length === null ? undefined : Number(length),
  };
}

/**
 * What a request for the rest of this version can name it by in `If-Range`: a strong ETag or the time of its last
 * change (RFC 9110, section 13.1.5); undefined when the server shows neither.
 */
export function validatorOf(version: Version): string | undefined {
  return strongTag(version) ?? version.modified ?? undefined;
}

/** Whether two answers are shown to be of the same version. */
export function isSame(a: Version, b: Version): boolean {
  if (differs(a, b)) return false;
  const bothHave = (value: (version: Version) => unknown) => Boolean(value(a) && value(b));
  return bothHave(strongTag) || bothHave(({ modified }) => modified);
}

/** Whether two answers are shown to be of different versions. What only one of them shows does not count. */
export function differs(a: Version, b: Version): boolean {
  const disagree = (x: unknown, y: unknown) => (x ?? y) !== (y ?? x);
  // A server that compresses may mark its tag for that.
  const tag = ({ etag }: Version) => etag?.replace(/^W\//, '').replace(/-(gzip|br|zstd)"$/, '"');
  return disagree(tag(a), tag(b)) || disagree(a.modified, b.modified) || disagree(a.bytes, b.bytes);
}

function strongTag({ etag }: Version): string | undefined {
  return etag === null || etag.startsWith('W/') ? undefined : etag;
}

/**
 * The part of the file that an answer says it is, `bytes 7-99/100`. Undefined where it does not say so, and in a page
 * also where a server of another origin does not let it read the header.
 */
export function rangeOf({ headers }: Response): { start: number; total: number | undefined } | undefined {
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
  return start === undefined
    ? undefined
    : { start: Number(start), total: total === '*' ? undefined : Number(total) };
}

/** The length of the file, from the answer to a range that lies outside it (status 416). */
export function lengthBesideRange({ headers }: Response): number | undefined {
  const length = /^bytes \*\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1];
  return length === undefined ? undefined : Number(length);
}

export function isPage({ headers }: Response): boolean {
  return /^text\/html\b/i.test(headers.get('content-type') ?? '');
}

/** Whether the server compresses on the way, so that offsets in what arrives say nothing about the file. */
export function isEncoded({ headers }: Response): boolean {
  return (headers.get('content-encoding') ?? 'identity') !== 'identity';
}

/** Milliseconds that the server asks to wait for (`Retry-After`, in seconds or as a date); 0 when it does not. */
export function retryAfterOf({ headers }: Response): number {
  const text = headers.get('retry-after') ?? '';
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return wait > 0 ? wait : 0;
}
