// What `load` was asked for → the files of a model.
import { messageOf, VitError } from '../errors.js';
import { shown } from '../shown.js';
import type { LoadOptions, ModelInMemory, ModelLocation } from '../types.js';
import { modelFolder } from './files/dropped.js';
import {
  configName,
  preprocessorName,
  weightsAmong,
  weightsName,
  type FileLocation,
  type ModelFiles,
} from './files/model-files.js';
import { foreignName } from './formats/foreign.js';

/** A folder or file by address or path. */
export type Place = Extract<FileLocation, { kind: 'url' | 'path' }>;

const defaultHost = 'https://huggingface.co';

/** First segments of the Hub's addresses that are not the owners of models. */
const notOwners = /^(models|datasets|spaces|docs|api)$/;

/** A Hub repository (`owner/name`) or a place. Anything else is an error that shows both spellings. */
export function parseModelName(text: string): { readonly kind: 'hub' | 'place'; readonly text: string } {
  if (/^(\/|\.\.?\/|file:|https?:)/.test(text)) return { kind: 'place', text };
  const [, owner] = /^([\w-][\w.-]*)\/[\w-][\w.-]*$/.exec(text) ?? [];
  if (owner !== undefined && !notOwners.test(owner)) return { kind: 'hub', text };
  const folder = text.replace(/\/*$/, '');
  throw new VitError(
    'invalid-argument',
    `"${text}" is neither a repository on the Hub, which is written "owner/name", nor a folder, which starts with ` +
      `"./", "../", "/" or "https:", as in "./${folder || 'my-model'}/".`,
  );
}

/** The files that `load`'s argument means; `locatePlace` resolves addresses and paths in this environment. */
export function locateModel(
  model: Exclude<ModelLocation, DataTransfer>,
  options: LoadOptions,
  locatePlace: (place: string) => Place,
): ModelFiles {
  if (model instanceof URL) return locateModel(model.href, options, locatePlace);
  if (typeof model === 'string') {
    const { kind, text } = parseModelName(model);
    return kind === 'hub'
      ? hubFiles(text, options)
      : (hubPageFiles(text, options) ?? placeFiles(text, options, locatePlace));
  }
  if (isBytes(model)) return givenFiles(model);
  if (typeof model === 'object' && model !== null) {
    if ('weights' in model) return memoryFiles(model);
    if (Symbol.iterator in model) return droppedFiles(modelFolder([...model].map(checkedFile)));
  }
  throw new VitError(
    'invalid-argument',
    'A model is a Hub repository "owner/name", a folder "./my-model/", a list of Files, an archive\'s bytes, or { weights, config }.',
  );
}

function hubFiles(id: string, options: LoadOptions): ModelFiles {
  return {
    title: id,
    weights: weightsName,
    folder: hubPlace(`${id}/resolve/${encodeURIComponent(options.revision ?? 'main')}/`, options),
    ...(options.revision === undefined && { hub: { id, host: hostOf(options) } }),
    hint: `"${id}" was taken for a repository on the Hub; a folder would be written "./${id}/"`,
  };
}

function hostOf({ host = defaultHost }: LoadOptions): string {
  return host.replace(/\/+$/, '');
}

/** A file on the Hub, or a folder. */
function hubPlace(path: string, { host = defaultHost, token }: LoadOptions): Extract<Place, { kind: 'url' }> {
  const url = `${hostOf({ host })}/${path}`;
  if (token && !isPrivate(url)) {
    throw new VitError(
      'invalid-argument',
      `The token would travel unencrypted to ${host}; use an https: address for \`host\`, or leave \`token\` out.`,
    );
  }
  return { kind: 'url', url, ...(token && { headers: { Authorization: `Bearer ${token}` } }) };
}

/**
 * The repository, or its folder or file, that a page of the Hub shows, as its address is copied from a browser:
 * `https://huggingface.co/owner/name/tree/main`, `…/blob/main/model.safetensors`. Undefined for other addresses.
 */
function hubPageFiles(address: string, options: LoadOptions): ModelFiles | undefined {
  const { host = defaultHost } = options;
  const [url, hub] = [address, host].map(parseUrl);
  if (!url || !(url.host === hub?.host || (host === defaultHost && url.host === 'hf.co'))) return undefined;
  const [owner, name, view, revision = 'main', ...path] = url.pathname.split('/').filter(Boolean);
  if (!owner || !name || notOwners.test(owner) || !/^(tree|blob|resolve)?$/.test(view ?? ''))
    return undefined;
  const wanted = options.revision === undefined ? revision : encodeURIComponent(options.revision);
  const inside = path.map((part) => `${part}/`).join('');
  const isFile = view === 'blob' || (view === 'resolve' && !url.pathname.endsWith('/'));
  const place = hubPlace(
    `${owner}/${name}/resolve/${wanted}/${isFile ? inside.slice(0, -1) : inside}`,
    options,
  );
  return { ...filesAt(place), title: `${owner}/${name}`, source: `${owner}/${name}` };
}

/** Whether what is sent there is encrypted, or stays on this machine. */
function isPrivate(address: string): boolean {
  const url = parseUrl(address);
  return url?.protocol !== 'http:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
}

function parseUrl(address: string): URL | undefined {
  try {
    return /^https?:/.test(address) ? new URL(address) : undefined;
  } catch {
    return undefined;
  }
}

/** A folder, or a weights file with the others beside it. */
function placeFiles(
  text: string,
  { revision }: LoadOptions,
  locatePlace: (place: string) => Place,
): ModelFiles {
  const found = validPlace(text, locatePlace);
  return filesAt(found.kind === 'url' && revision !== undefined ? { ...found, revision } : found);
}

function filesAt(place: Place): ModelFiles {
  return { ...filesBeside(place), source: place.kind === 'url' ? place.url : place.path };
}

function filesBeside(place: Place): ModelFiles {
  const path = place.kind === 'url' ? new URL(place.url).pathname : place.path;
  const file = path.slice(1 + Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')));
  // An archive brings its own files along.
  if (/\.zip$/i.test(file)) return { title: path, weights: file, listed: { [file]: place } };
  if (/\.(safetensors|safetensors\.index\.json|npz)$/i.test(file) || foreignName(file)) {
    const beside = path.slice(0, -file.length);
    return { title: path, weights: file, folder: placeAt(place, beside), listed: { [file]: place } };
  }
  const isConfiguration = file === configName || file === preprocessorName;
  const folder = isConfiguration ? path.slice(0, -file.length) : file === '' ? path : `${path}/`;
  return { title: folder, weights: weightsName, folder: placeAt(place, folder) };
}

function validPlace(text: string, locatePlace: (place: string) => Place): Place {
  try {
    const place = locatePlace(text);
    if (place.kind === 'url') new URL(place.url);
    return place;
  } catch (error) {
    throw new VitError('invalid-argument', `"${text}" is not an address (${messageOf(error)}).`, {
      cause: error,
    });
  }
}

/** The same place at another path, without the query that may belong to one file. */
function placeAt(place: Place, path: string): Place {
  if (place.kind === 'path') return { kind: 'path', path };
  const { origin } = new URL(place.url);
  return { ...place, url: origin === 'null' ? `file://${path}` : origin + path };
}

function checkedFile(file: unknown): File {
  if (file instanceof Blob && typeof (file as Partial<File>).name === 'string') return file as File;
  throw new VitError(
    'invalid-argument',
    `A list of files contains ${shown(file)}; pass File objects, as an <input> or a drop has them.`,
  );
}

function isBytes(value: unknown): value is Blob | ArrayBuffer | ArrayBufferView {
  return value instanceof Blob || value instanceof ArrayBuffer || ArrayBuffer.isView(value);
}

/** A model in a single file: an archive. */
function givenFiles(model: Blob | ArrayBuffer | ArrayBufferView): ModelFiles {
  const name = model instanceof Blob && 'name' in model ? String(model.name) : weightsName;
  return { title: 'what was given', weights: name, listed: { [name]: bytesOf(model) } };
}

function memoryFiles({ weights, config, preprocessor, labels }: ModelInMemory): ModelFiles {
  if (!isBytes(weights)) {
    throw new VitError('invalid-argument', 'weights should be an ArrayBuffer, a Uint8Array or a Blob.');
  }
  return {
    title: 'what was given',
    weights: weightsName,
    listed: {
      [weightsName]: bytesOf(weights),
      ...(config && { [configName]: jsonOf('config', config) }),
      ...(preprocessor && { [preprocessorName]: jsonOf('preprocessor', preprocessor) }),
    },
    labels,
  };
}

/** Files that the page has, by their names without folders. */
function droppedFiles(files: readonly File[]): ModelFiles {
  const names = files.map(({ name }) => name);
  const weights = weightsAmong(names);
  if (typeof weights !== 'string' && weights.length > 1) {
    throw new VitError(
      'invalid-argument',
      `There are ${weights.length} .safetensors among the files; give one, or name one of them ${weightsName}.`,
    );
  }
  const archive = names.find((name) => /\.zip$/i.test(name));
  const chosen = typeof weights === 'string' ? weights : archive;
  const foreign = names.map(foreignName).find((error) => error !== undefined);
  if (!chosen && foreign) throw foreign;
  return {
    title: 'the files given',
    weights: chosen ?? weightsName,
    listed: Object.fromEntries(files.map((file) => [file.name, bytesOf(file)])),
    hint: 'give config.json, one .safetensors and usually preprocessor_config.json',
  };
}

/** A model whose configuration is part of the script, with weights from anywhere. */
export function inlineFiles(
  { title, source }: Pick<ModelFiles, 'title' | 'source'>,
  config: object,
  preprocessor: object,
  weights: FileLocation,
): ModelFiles {
  return {
    title,
    source,
    weights: weightsName,
    listed: {
      [weightsName]: weights,
      [configName]: jsonOf('config', config),
      [preprocessorName]: jsonOf('preprocessor', preprocessor),
    },
  };
}

function bytesOf(bytes: Blob | ArrayBuffer | ArrayBufferView): FileLocation {
  if (bytes instanceof Blob) return { kind: 'bytes', bytes };
  if (bytes instanceof ArrayBuffer) return { kind: 'bytes', bytes: new Uint8Array(bytes) };
  return { kind: 'bytes', bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

function jsonOf(name: string, value: unknown): FileLocation {
  if (typeof value !== 'object' || value === null) {
    throw new VitError('invalid-argument', `${name} should be the parsed JSON object, not ${typeof value}.`);
  }
  try {
    return { kind: 'bytes', bytes: new TextEncoder().encode(JSON.stringify(value)) };
  } catch (error) {
    throw new VitError('invalid-argument', `${name} is not plain JSON (${messageOf(error)}).`, {
      cause: error,
    });
  }
}
