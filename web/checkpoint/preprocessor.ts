// preprocessor_config.json → what the engine does to a picture, as the processor class of the file's name would.
import { VitError } from '../errors.js';
import type { NativePreprocess } from '../module.js';
import type { Size } from '../types.js';
import { JsonFields, type JsonObject } from './json.js';

/** What an image processor does where its file is silent. */
interface ProcessorDefaults {
  /** Of `image_processor_type` or `feature_extractor_type`. */
  readonly pattern: RegExp;
  readonly size: number;
  /** Pillow's number. */
  readonly resample: number;
  readonly centerCrop: boolean;
  readonly cropSize: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

const vit: ProcessorDefaults = {
  pattern: /^ViT(ImageProcessor|FeatureExtractor)(Fast|Pil)?$/,
  size: 224,
  resample: 2,
  centerCrop: false,
  cropSize: 224,
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
};

const deit: ProcessorDefaults = {
  pattern: /^DeiT(ImageProcessor|FeatureExtractor)(Fast|Pil)?$/,
  size: 256,
  resample: 3,
  centerCrop: true,
  cropSize: 224,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

const processors = [vit, deit];

/** How a picture's size becomes the resized size: NativePreprocess's numbers. */
type Resize = Pick<NativePreprocess, 'resize' | 'resizeHeight' | 'resizeWidth'>;

/** A Hugging Face ViT's preprocessing for a model of this image size: what goes without a file. */
export function defaultPreprocess(image: Size): NativePreprocess {
  return preprocessOf(
    { size: { height: image.height, width: image.width } },
    image,
    'The default preprocessing',
  );
}

/** The preprocessing a file asks for. `file` is what messages call it. */
export function preprocessOf(config: JsonObject, image: Size, file: string): NativePreprocess {
  const fields = new JsonFields(config, file, 'preprocessor');
  const defaults = processorOf(fields, file);
  const normalizes = fields.flag('do_normalize') ?? true;
  const preprocess: NativePreprocess = {
    ...resizeOf(fields, defaults),
    filter: filterOf(fields, defaults),
    ...cropOf(fields, defaults),
    cropRounding: 0,
    padding: [0, 0, 0],
    rescaleFactor: (fields.flag('do_rescale') ?? true) ? (fields.positive('rescale_factor') ?? 1 / 255) : 1,
    mean: normalizes ? (fields.triple('image_mean') ?? [...defaults.mean]) : [0, 0, 0],
    std: normalizes ? (fields.triple('image_std') ?? [...defaults.std]) : [1, 1, 1],
  };
  if (preprocess.std.includes(0)) throw fields.error('has a 0 in image_std, by which nothing can be divided');
  checkOutcome(preprocess, image, fields);
  return preprocess;
}

function processorOf(fields: JsonFields, file: string): ProcessorDefaults {
  const name = fields.text('image_processor_type') ?? fields.text('feature_extractor_type');
  // Files from before the field was there are ViT's.
  const processor = name === undefined ? vit : processors.find(({ pattern }) => pattern.test(name));
  if (processor) return processor;
  throw new VitError(
    'preprocessor',
    `${file} is for ${name}; vit-wasm knows ViTImageProcessor and DeiTImageProcessor and their older names.`,
  );
}

function resizeOf(fields: JsonFields, defaults: ProcessorDefaults): Resize {
  if (fields.flag('do_resize') === false) return { resize: 0, resizeHeight: 0, resizeWidth: 0 };
  const edge = fields.object('size')?.count('shortest_edge');
  if (edge !== undefined) return { resize: 2, resizeHeight: edge, resizeWidth: edge };
  // A lone number is a square for these processors, not the shortest edge.
  const [resizeHeight, resizeWidth] = heightAndWidth(fields, 'size', defaults.size);
  return { resize: 1, resizeHeight, resizeWidth };
}

function cropOf(
  fields: JsonFields,
  defaults: ProcessorDefaults,
): Pick<NativePreprocess, 'cropHeight' | 'cropWidth'> {
  if (!(fields.flag('do_center_crop') ?? defaults.centerCrop)) return { cropHeight: 0, cropWidth: 0 };
  const [cropHeight, cropWidth] = heightAndWidth(fields, 'crop_size', defaults.cropSize);
  return { cropHeight, cropWidth };
}

function filterOf(fields: JsonFields, defaults: ProcessorDefaults): number {
  const resample = fields.get('resample') ?? defaults.resample;
  if ([1, 2, 3, 4, 5].includes(resample as number)) return resample as number;
  if (fields.flag('do_resize') === false) return defaults.resample;
  throw fields.error(
    `asks for resample ${JSON.stringify(resample)}; supported are Pillow's 1 (Lanczos), 2 (bilinear), ` +
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
    `has ${name} ${JSON.stringify(fields.get(name))}, but it should be a number or { height, width }` +
      (name === 'size' ? ', or { shortest_edge } with a centre crop' : ''),
  );
}

/** Refuses preprocessing whose outcome has a fixed size that is not the model's. */
function checkOutcome(preprocess: NativePreprocess, image: Size, fields: JsonFields): void {
  const { resize, resizeHeight, resizeWidth, cropHeight, cropWidth } = preprocess;
  if (resize === 2 && cropHeight === 0) {
    throw fields.error(
      'resizes by the shortest edge without a centre crop, so pictures would come out in any size',
    );
  }
  const fixed =
    cropHeight > 0 ? [cropHeight, cropWidth] : resize === 1 ? [resizeHeight, resizeWidth] : undefined;
  if (fixed && (fixed[0] !== image.height || fixed[1] !== image.width)) {
    throw fields.error(
      `gives pictures of ${fixed[1]}×${fixed[0]} pixels, but the model takes ${image.width}×${image.height}`,
    );
  }
}
