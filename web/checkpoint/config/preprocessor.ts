// preprocessor_config.json → what the engine does to a picture: what the processor class that the file names would do.
import { VitError, type VitErrorCode } from '../../errors.js';
import {
  cropRoundings,
  resizeRoundings,
  filters,
  resizes,
  type Filter,
  type NativePreprocess,
} from '../../engine/bindings.js';
import type { Size } from '../../types.js';
import { JsonFields, type JsonObject } from '../files/json.js';
import { shown } from '../../shown.js';

/** The defaults of an image processor, for what its file leaves out. */
interface ProcessorDefaults {
  /** The value of `image_processor_type` or `feature_extractor_type`. */
  readonly pattern: RegExp;
  readonly size: number;
  /** Whether a size of one number is the shortest edge; otherwise it is that of a square. */
  readonly shortestEdge: boolean;
  /** Pillow's number. */
  readonly resample: Filter;
  readonly centerCrop: boolean;
  readonly cropSize: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  /** Whether pictures are rescaled to floats before they are resized; otherwise a resize rounds to bytes. */
  readonly rescalesFirst?: true;
}

const vit: ProcessorDefaults = {
  pattern: /^ViT(ImageProcessor|FeatureExtractor)(Fast|Pil)?$/,
  size: 224,
  shortestEdge: false,
  resample: filters.bilinear,
  centerCrop: false,
  cropSize: 224,
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
};

const deit: ProcessorDefaults = {
  pattern: /^DeiT(ImageProcessor|FeatureExtractor)(Fast|Pil)?$/,
  size: 256,
  shortestEdge: false,
  resample: filters.bicubic,
  centerCrop: true,
  cropSize: 224,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

/** DINOv2's. */
const bit: ProcessorDefaults = {
  pattern: /^BitImageProcessor(Fast|Pil)?$/,
  size: 224,
  shortestEdge: true,
  resample: filters.bicubic,
  centerCrop: true,
  cropSize: 224,
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

const clip: ProcessorDefaults = {
  ...bit,
  pattern: /^CLIP(ImageProcessor|FeatureExtractor)(Fast|Pil)?$/,
};

const siglip: ProcessorDefaults = {
  ...vit,
  pattern: /^SiglipImageProcessor(Fast|Pil)?$/,
  resample: filters.bicubic,
};

const beit: ProcessorDefaults = {
  ...siglip,
  pattern: /^Beit(ImageProcessor|FeatureExtractor)(Fast|Pil)?$/,
};

const dinov3: ProcessorDefaults = {
  ...vit,
  pattern: /^DINOv3ViTImageProcessor(Fast)?$/,
  mean: deit.mean,
  std: deit.std,
  rescalesFirst: true,
};

const processors = [vit, deit, bit, clip, siglip, beit, dinov3];

/** How a picture's size becomes the resized size: NativePreprocess's numbers. */
type Resize = Pick<NativePreprocess, 'resize' | 'resizeHeight' | 'resizeWidth'>;

/**
 * The preprocessing that a file asks for. `file` is what messages call it; `processor` is the class to assume when the
 * file names none.
 */
export function preprocessOf(
  config: JsonObject,
  file: string,
  processor = 'ViTImageProcessor',
): NativePreprocess {
  const fields = new JsonFields(config, file, 'preprocessor');
  const defaults = processorOf(fields, file, processor);
  const normalizes = fields.flag('do_normalize') ?? true;
  const preprocess: NativePreprocess = {
    ...resizeOf(fields, defaults),
    filter: filterOf(fields, defaults),
    ...cropOf(fields, defaults),
    cropRounding: cropRoundings.down,
    padding: [0, 0, 0],
    rescaleFactor: (fields.flag('do_rescale') ?? true) ? (fields.positive('rescale_factor') ?? 1 / 255) : 1,
    mean: normalizes ? (fields.triple('image_mean') ?? [...defaults.mean]) : [0, 0, 0],
    std: normalizes ? (fields.triple('image_std') ?? [...defaults.std]) : [1, 1, 1],
    resizeRounding: defaults.rescalesFirst ? resizeRoundings.none : resizeRoundings.bytes,
  };
  if (preprocess.std.includes(0)) throw fields.error('has a 0 in image_std, which cannot be a divisor');
  if (preprocess.resize === resizes.shortestEdge && preprocess.cropHeight === 0) {
    throw fields.error(
      'resizes by the shortest edge without a center crop, so pictures would come out in any size',
    );
  }
  return preprocess;
}

/** The size that pictures have afterwards; undefined when they keep their own. */
export function outcomeOf(preprocess: NativePreprocess): Size | undefined {
  const { resize, resizeHeight, resizeWidth, cropHeight, cropWidth } = preprocess;
  if (cropHeight > 0) return { height: cropHeight, width: cropWidth };
  return resize === resizes.squash ? { height: resizeHeight, width: resizeWidth } : undefined;
}

/**
 * The same preprocessing for another size: a resize before a crop grows in proportion, and a resize of the shortest
 * edge by so much that the crop fits into pictures of any shape.
 */
export function scaledTo(preprocess: NativePreprocess, { height, width }: Size): NativePreprocess {
  const { resize, resizeHeight, resizeWidth, cropHeight, cropWidth } = preprocess;
  if (cropHeight === 0)
    return resize === resizes.squash
      ? { ...preprocess, resizeHeight: height, resizeWidth: width }
      : preprocess;
  let down = height / cropHeight;
  let across = width / cropWidth;
  if (resize === resizes.shortestEdge) down = across = Math.max(down, across);
  return {
    ...preprocess,
    resizeHeight: Math.round(resizeHeight * down),
    resizeWidth: Math.round(resizeWidth * across),
    cropHeight: height,
    cropWidth: width,
  };
}

/** Refuses preprocessing whose outcome has a fixed size that is not the model's. */
export function checkOutcome(preprocess: NativePreprocess, image: Size, file: string): void {
  const outcome = outcomeOf(preprocess) ?? image;
  if (outcome.height === image.height && outcome.width === image.width) return;
  throw new VitError(
    'preprocessor',
    `${file} gives pictures of ${outcome.width}×${outcome.height} pixels, but the model takes ` +
      `${image.width}×${image.height}; choose one size for both with \`imageSize\`.`,
  );
}

/** The pixel value of a byte: cpp/preprocess.cpp's `pixel_value`. */
function pixelValue(byte: number, { rescaleFactor, mean, std }: NativePreprocess, channel: number): number {
  const rescaled = Math.fround(byte * rescaleFactor);
  const centered = Math.fround(rescaled - Math.fround(mean[channel]));
  return Math.fround(centered / Math.fround(std[channel]));
}

/** Refuses preprocessing that would make infinity or NaN of a picture in the engine's single precision. */
export function checkPixelValues(preprocess: NativePreprocess, file: string, code: VitErrorCode): void {
  // Values of all other bytes are between those of black and white.
  const ends = [0, 1, 2].flatMap((channel) => [0, 255].map((byte) => pixelValue(byte, preprocess, channel)));
  if (ends.every(Number.isFinite)) return;
  throw new VitError(
    code,
    `${file} makes pixel values that are infinite or NaN; check the rescaling factor, mean and standard deviation.`,
  );
}

function processorOf(fields: JsonFields, file: string, otherwise: string): ProcessorDefaults {
  const name = fields.text('image_processor_type') ?? fields.text('feature_extractor_type') ?? otherwise;
  const processor = processors.find(({ pattern }) => pattern.test(name));
  if (processor) return processor;
  throw new VitError(
    'preprocessor',
    `${file} is for ${name}; vit-wasm supports the image processors of ViT, DeiT, Bit, CLIP, Siglip, BEiT and DINOv3, and ` +
      'their older names.',
  );
}

function resizeOf(fields: JsonFields, defaults: ProcessorDefaults): Resize {
  if (fields.flag('do_resize') === false) return { resize: resizes.none, resizeHeight: 0, resizeWidth: 0 };
  const edge = fields.object('size')?.count('shortest_edge');
  if (edge !== undefined) return { resize: resizes.shortestEdge, resizeHeight: edge, resizeWidth: edge };
  const size = fields.get('size') ?? defaults.size;
  if (defaults.shortestEdge && typeof size === 'number') {
    const shortest = fields.count('size') ?? defaults.size;
    return { resize: resizes.shortestEdge, resizeHeight: shortest, resizeWidth: shortest };
  }
  const [resizeHeight, resizeWidth] = heightAndWidth(fields, 'size', defaults.size);
  return { resize: resizes.squash, resizeHeight, resizeWidth };
}

function cropOf(
  fields: JsonFields,
  defaults: ProcessorDefaults,
): Pick<NativePreprocess, 'cropHeight' | 'cropWidth'> {
  if (!(fields.flag('do_center_crop') ?? defaults.centerCrop)) return { cropHeight: 0, cropWidth: 0 };
  const [cropHeight, cropWidth] = heightAndWidth(fields, 'crop_size', defaults.cropSize);
  return { cropHeight, cropWidth };
}

function filterOf(fields: JsonFields, defaults: ProcessorDefaults): Filter {
  const resample = fields.get('resample') ?? defaults.resample;
  const filter = Object.values(filters).find((number) => number === resample);
  if (filter) return filter;
  if (fields.flag('do_resize') === false) return defaults.resample;
  throw fields.error(
    `asks for resample ${shown(resample)}; supported are Pillow's 1 (Lanczos), 2 (bilinear), ` +
      '3 (bicubic), 4 (box) and 5 (Hamming)',
  );
}

/** A size given as a number, [height, width] or { height, width }. */
function heightAndWidth(fields: JsonFields, name: string, otherwise: number): readonly [number, number] {
  const edges = fields.object(name);
  if (!edges) return fields.size(name) ?? [otherwise, otherwise];
  const height = edges.count('height');
  const width = edges.count('width');
  if (height !== undefined && width !== undefined) return [height, width];
  throw fields.error(
    `has ${name} ${shown(fields.get(name))}, but it should be a number or { height, width }` +
      (name === 'size' ? ', or { shortest_edge } with a center crop' : ''),
  );
}
