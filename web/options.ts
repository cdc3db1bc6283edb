import { checkIsOptions, checkOptions, checkSignal, wrong } from './call-options.js';
import { checkIntegrity } from './checkpoint/files/integrity-option.js';
import { limits } from './checkpoint/files/limits.js';
import { VitError } from './errors.js';
import type { Rgb } from './pictures/pixels.js';
import { faultOf } from './checkpoint/config/overrides.js';
import { shown } from './shown.js';
import type {
  ClassifyOptions,
  Color,
  Dtype,
  Kernels,
  LabelOptions,
  LabelVectors,
  LoadOptions,
  ModelCache,
  PreprocessOptions,
  Region,
  Size,
  Variant,
  WasmOverride,
} from './types.js';
import { variants } from './engine/variant.js';

/** Options of every verb that takes pictures. */
export const pictureOptions = ['region', 'signal', 'latest', 'settle'] as const;

export { checkIsOptions, checkOptions, checkSignal, wrong };

const dtypes: readonly Dtype[] = ['fp32', 'int8'];
const kernelNames: readonly Kernels[] = ['6x8', '5x8', '4x16', '6x16', '5x16', '3x8', '3x12'];
const builds: readonly Variant[] = [...variants, ...variants.map((name) => `${name}-threads` as const)];
const variantNames = builds.map((name) => `"${name}"`).join(' or ');

const loadOptions: readonly (keyof LoadOptions)[] = [
  'dtype',
  'threads',
  'worker',
  'variant',
  'kernels',
  'wasm',
  'onProgress',
  'signal',
  'cache',
  'integrity',
  'revision',
  'host',
  'token',
  'labels',
  'template',
  'keepTextEncoder',
  'preprocess',
  'background',
  'imageSize',
  'maxBytes',
  'stallTimeout',
];

/** Rejects options that `load` cannot use. */
export function checkLoadOptions(options: LoadOptions): void {
  checkOptions(options, loadOptions, 'load');
  const { dtype, threads, variant, wasm, labels, preprocess, imageSize, maxBytes, stallTimeout } = options;
  if (dtype !== undefined && !dtypes.includes(dtype)) {
    throw new VitError(
      'unsupported-option',
      `dtype ${shown(dtype)} is unknown; expected ${dtypes.map((name) => `"${name}"`).join(' or ')}.`,
    );
  }
  if (threads !== undefined && threads !== 'auto' && !(Number.isInteger(threads) && threads >= 1)) {
    throw wrong('threads', threads, 'a whole number of at least 1 or "auto"');
  }
  if (variant !== undefined && !builds.includes(variant)) throw wrong('variant', variant, variantNames);
  if (options.kernels !== undefined && !kernelNames.includes(options.kernels)) {
    throw wrong('kernels', options.kernels, kernelNames.map((name) => `"${name}"`).join(' or '));
  }
  if (labels !== undefined && !areLabels(labels) && !areVectors(labels)) {
    throw wrong('labels', labels, 'an array of strings, or an object of names and indices to strings');
  }
  checkTemplate(options.template);
  const { keepTextEncoder } = options;
  if (keepTextEncoder !== undefined && typeof keepTextEncoder !== 'boolean') {
    throw wrong('keepTextEncoder', keepTextEncoder, 'true or false');
  }
  if (imageSize !== undefined && !isImageSize(imageSize)) {
    throw wrong('imageSize', imageSize, 'a whole number of pixels or { width, height }');
  }
  if (options.integrity !== undefined) checkIntegrity(options.integrity);
  if (options.cache !== undefined && !isCache(options.cache)) {
    throw wrong('cache', options.cache, 'true, false, a name, or an object with match and put');
  }
  if (maxBytes !== undefined && !(typeof maxBytes === 'number' && maxBytes > 0)) {
    throw wrong('maxBytes', maxBytes, 'a number of bytes above 0');
  }
  if (stallTimeout !== undefined && !(typeof stallTimeout === 'number' && stallTimeout > 0)) {
    throw wrong('stallTimeout', stallTimeout, 'a number of milliseconds above 0');
  }
  const { onProgress, worker } = options;
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw wrong('onProgress', onProgress, 'a function');
  }
  if (worker !== undefined && typeof worker !== 'boolean' && !hasAddress(worker)) {
    throw wrong('worker', worker, 'true, false or { url }');
  }
  for (const name of ['revision', 'host', 'token'] as const) {
    const value = options[name];
    if (value !== undefined && (typeof value !== 'string' || value === '')) {
      throw wrong(name, value, 'a string that is not empty');
    }
  }
  if (options.token !== undefined && !/^[!-~]+$/.test(options.token)) {
    // Not shown: it is a secret, and errors end in logs.
    throw new VitError(
      'invalid-argument',
      'token contains a space, a line break or another character that no token has; check how it was read.',
    );
  }
  if (preprocess !== undefined) checkPreprocess(preprocess);
  if (wasm !== undefined) checkWasm(wasm, variant);
}

function hasAddress(worker: unknown): boolean {
  const { url } = (worker ?? {}) as { url?: unknown };
  return typeof url === 'string' || url instanceof URL;
}

function checkPreprocess(preprocess: PreprocessOptions): void {
  if (typeof preprocess !== 'object' || preprocess === null) {
    throw wrong('preprocess', preprocess, 'an object');
  }
  const fault = faultOf(preprocess);
  if (!fault) return;
  const [field, form] = fault;
  const value = (preprocess as Record<string, unknown>)[field];
  throw wrong(`preprocess.${field}`, value, form);
}

function checkWasm(wasm: WasmOverride, variant: LoadOptions['variant']): void {
  if (typeof wasm !== 'object' || (wasm as unknown) === null) {
    throw wrong('wasm', wasm, 'an object of variant and one of url, bytes and module');
  }
  if (!builds.includes(wasm.variant))
    throw wrong('wasm.variant', wasm.variant, `the build it is: ${variantNames}`);
  if (variant !== undefined && variant !== wasm.variant) {
    throw wrong('wasm.variant', wasm.variant, `the same as variant, "${variant}"`);
  }
  if ([wasm.url, wasm.bytes, wasm.module].filter((given) => given !== undefined).length !== 1) {
    throw new VitError('invalid-argument', 'wasm needs exactly one of url, bytes and module.');
  }
}

function isImageSize(size: unknown): boolean {
  const isEdge = (edge: unknown) => Number.isInteger(edge) && (edge as number) >= 1;
  if (typeof size !== 'object' || size === null) return isEdge(size);
  const { width, height } = size as Partial<Size>;
  return isEdge(width) && isEdge(height);
}

/** Both edges of the `imageSize` option. */
export function sizeOf(size: LoadOptions['imageSize']): Size | undefined {
  if (size === undefined) return undefined;
  if (typeof size === 'number') return { width: size, height: size };
  return { width: size.width, height: size.height };
}

function isCache(cache: unknown): boolean {
  if (typeof cache === 'boolean') return true;
  if (typeof cache === 'string') return cache !== '';
  const { match, put } = (cache ?? {}) as Partial<ModelCache>;
  return typeof match === 'function' && typeof put === 'function';
}

function areLabels(labels: unknown): boolean {
  if (typeof labels !== 'object' || labels === null) return false;
  return Object.values(labels).every((label) => typeof label === 'string');
}

/** Rejects options that `classify` cannot use; labels.ts checks `allow` and `deny`. */
export function checkClassifyOptions(options: ClassifyOptions): void {
  checkOptions(options, ['topK', 'threshold', 'allow', 'deny', ...pictureOptions], 'classify');
  const { topK = 5, threshold = 0 } = options;
  if (!Number.isInteger(topK) || topK < 1) throw wrong('topK', topK, 'a whole number of at least 1');
  if (typeof threshold !== 'number' || !(threshold >= 0 && threshold <= 1)) {
    throw wrong('threshold', threshold, 'a number from 0 to 1');
  }
}

/** Rejects templates that are not strings, or that would make the same sentence of every label. */
function checkTemplate(template: LabelOptions['template']): void {
  if (template === undefined) return;
  const all: readonly unknown[] = Array.isArray(template) ? template : [template];
  if (all.length > 0 && all.every((one) => typeof one === 'string' && one.includes('{}'))) return;
  throw wrong('template', template, "a string with {} for the label, as in 'a photo of {}', or several");
}

/** Whether the labels already come with their vectors. */
export function areVectors(labels: unknown): labels is LabelVectors {
  return typeof labels === 'object' && labels !== null && 'vectors' in labels && 'format' in labels;
}

/** Rejects what `setLabels` cannot use; returns the templates. */
export function checkLabels(labels: unknown, options: LabelOptions): readonly string[] {
  checkOptions(options, ['template', 'signal'], 'setLabels');
  const { template = '{}' } = options;
  checkTemplate(template);
  if (areVectors(labels)) return [];
  const are =
    Array.isArray(labels) && labels.length > 0 && labels.every((label) => typeof label === 'string');
  if (!are) throw wrong('labels', labels, "a list of the classes in words, as in ['a cat', 'a dog']");
  if (labels.length > limits.classes) {
    throw new VitError(
      'invalid-argument',
      `There are ${labels.length} labels, but at most ${limits.classes} are allowed.`,
    );
  }
  return typeof template === 'string' ? [template] : template;
}

/** Rejects a region that cannot lie inside any picture. */
export function checkRegion(region: Region | undefined): void {
  if (region === undefined) return;
  const { x, y, width, height } = (region ?? {}) as Partial<Region>;
  const edges = [x, y, (width ?? 0) - 1, (height ?? 0) - 1];
  if (edges.every((edge) => Number.isInteger(edge) && Number(edge) >= 0)) return;
  throw wrong('region', region, '{ x, y, width, height } in whole pixels, none negative and at least 1×1');
}

/** The R, G and B of a color. */
export function rgbOf(color: Color): Rgb {
  if (color === 'white') return [255, 255, 255];
  if (color === 'black') return [0, 0, 0];
  const hex = /^#((?:[\da-f]{3}){1,2})$/i.exec(typeof color === 'string' ? color : '')?.[1];
  const digits = hex?.match(hex.length === 3 ? /./g : /../g);
  const rgb = digits?.map((pair) => parseInt(pair.padStart(2, pair), 16)) ?? color;
  const isByte = (value: unknown) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 255;
  if (Array.isArray(rgb) && rgb.length === 3 && rgb.every(isByte)) return rgb as unknown as Rgb;
  throw wrong('background', color, '[red, green, blue] from 0 to 255, "#rrggbb", "white" or "black"');
}
