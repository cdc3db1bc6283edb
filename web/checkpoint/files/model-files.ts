import { VitError } from '../../errors.js';

/** A file on a server. */
export interface UrlLocation {
  readonly kind: 'url';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Distinguishes versions of the file at the address in the cache. */
  readonly revision?: string;
  /** How often a failing download is tried, instead of the default. */
  readonly tries?: number;
  /** After how many milliseconds without a byte a connection is given up; see LoadOptions. */
  readonly stallTimeout?: number | undefined;
  /** How many bytes are requested first, where most of the others will be skipped; all at once by default. */
  readonly firstBytes?: number | undefined;
}

/** Where the bytes of one file are. Plain data, so that it can be posted to a worker. */
export type FileLocation =
  | UrlLocation
  /** A path on disk; only Node's `OpenFile` knows it. */
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'bytes'; readonly bytes: Blob | Uint8Array };

/** The files of a checkpoint: some listed one by one, the others looked for in a folder. Plain data too. */
export interface ModelFiles {
  /** What messages call it: `facebook/deit-tiny-patch16-224`, `the built-in model`. */
  readonly title: string;
  /** Where it came from, where that is not its title; see ModelInfo. */
  readonly source?: string;
  /** The name of the weights' file. */
  readonly weights: string;
  /** An address or path that ends with a slash; a file's name is put behind it. */
  readonly folder?: UrlLocation | Extract<FileLocation, { kind: 'path' }>;
  readonly listed?: Readonly<Record<string, FileLocation>>;
  /** The classes' names, where they came with the files. */
  readonly labels?: readonly string[] | undefined;
  /** The repository on the Hub, where no revision was asked for. */
  readonly hub?: { readonly id: string; readonly host: string } | undefined;
  /** The revision whose weights these are, where it is not the one that was asked for. */
  readonly revision?: string | undefined;
  /** Advice to add when the model's files are not found. */
  readonly hint?: string;
}

export const configName = 'config.json';
export const preprocessorName = 'preprocessor_config.json';
export const weightsName = 'model.safetensors';

/** Whether the weights are named as open_clip names its own, which has a configuration of its own beside them. */
export function isOpenClip({ weights }: Pick<ModelFiles, 'weights'>): boolean {
  return /^open_clip/.test(weights);
}

/** What words need besides: the first two, or all but the first. */
export const tokenizerNames: readonly string[] = [
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.json',
  'merges.txt',
];

/** The file that says which tensors of a model are in which of its several files. */
export const indexName = 'model.safetensors.index.json';

/**
 * The path of the weights among the paths of several files; when none is certain, the paths of all that could be it.
 * When folders contain folders with models, it is that of the outermost.
 */
export function weightsAmong(paths: readonly string[]): string | readonly string[] {
  const depthOf = (path: string) => path.split('/').length;
  // An index comes before the files that it lists.
  for (const pattern of [
    /(^|\/)model\.safetensors$/,
    /\.safetensors\.index\.json$/,
    /\.(safetensors|npz)$/i,
  ]) {
    const fitting = paths.filter((path) => pattern.test(path));
    const depth = fitting.reduce((least, path) => Math.min(least, depthOf(path)), Infinity);
    const outermost = fitting.filter((path) => depthOf(path) === depth);
    if (outermost.length > 0) return outermost.length === 1 ? outermost[0] : outermost;
  }
  return [];
}

/** Where the file `name` would be; undefined when there is no such file. */
export function locationOf(files: ModelFiles, name: string): FileLocation | undefined {
  const listed = files.listed?.[name];
  if (listed || !files.folder) return listed;
  const { folder } = files;
  if (folder.kind === 'path') return { kind: 'path', path: folder.path + name };
  return { ...folder, url: folder.url + name };
}

/** What messages call a file: its address if it has one. */
export function nameOf(location: FileLocation, name: string): string {
  if (location.kind === 'url') return location.url;
  return location.kind === 'path' ? location.path : name;
}

/** The error for a model's file that does not exist. */
export function notFound(files: ModelFiles, name: string): VitError {
  const location = locationOf(files, name);
  const where = location ? nameOf(location, name) : `${name} among ${files.title}`;
  const advice =
    files.hint ??
    'a model is a folder with config.json, model.safetensors and usually preprocessor_config.json';
  return new VitError('not-found', `There is no ${where}: ${advice}.`);
}

/** Whether a model is a download worth caching; a page's own files, such as the built-in model's, are not. */
export function isDownloaded({ folder, listed, weights }: ModelFiles): boolean {
  const place = folder ?? (/\.zip$/i.test(weights) ? listed?.[weights] : undefined);
  return place?.kind === 'url' && /^https?:/.test(place.url);
}
