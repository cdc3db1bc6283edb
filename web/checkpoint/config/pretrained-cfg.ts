// timm's `pretrained_cfg` → what the engine does to a picture, as timm's `create_transform` would.
import {
  cropRoundings,
  resizeRoundings,
  filters,
  resizes,
  type Filter,
  type NativePreprocess,
  type Resize,
} from '../../engine/bindings.js';
import type { Size } from '../../types.js';
import type { JsonFields } from '../files/json.js';

/** The preprocessing that a pretrained_cfg asks for, with timm's defaults for what it leaves out. */
export function timmPreprocess(fields: JsonFields, image: Size): NativePreprocess {
  const mean = fields.triple('mean') ?? [0.485, 0.456, 0.406];
  const std = fields.triple('std') ?? [0.229, 0.224, 0.225];
  if (std.includes(0)) throw fields.error('has a 0 in std, which cannot be a divisor');
  const cropPct = fields.positive('crop_pct') ?? 0.875;
  const resizeHeight = Math.floor(image.height / cropPct);
  const resizeWidth = Math.floor(image.width / cropPct);
  const mode = fields.text('crop_mode');
  return {
    resize: resizeOf(mode, resizeHeight === resizeWidth),
    resizeHeight,
    resizeWidth,
    filter: filterOf(fields),
    cropHeight: image.height,
    cropWidth: image.width,
    cropRounding: cropRoundings.halfEven,
    padding: mode === 'border' ? colorOf(mean) : [0, 0, 0],
    rescaleFactor: 1 / 255,
    mean,
    std,
    resizeRounding: resizeRoundings.bytes,
  };
}

/** timm treats every other `crop_mode` as "center". */
function resizeOf(mode: string | undefined, square: boolean): Resize {
  if (mode === 'squash') return resizes.squash;
  if (mode === 'border') return resizes.contain;
  return square ? resizes.shortestEdge : resizes.cover;
}

function filterOf(fields: JsonFields): Filter {
  const name = fields.text('interpolation') ?? 'bicubic';
  if (Object.hasOwn(filters, name)) return filters[name as keyof typeof filters];
  throw fields.error(
    `asks for the interpolation "${name}"; supported are ${Object.keys(filters).join(', ')}`,
  );
}

/** The bytes of a mean color, rounded as Python does: halves to even. */
function colorOf(mean: readonly [number, number, number]): [number, number, number] {
  const byteOf = (share: number) => {
    const value = Math.min(Math.max(255 * share, 0), 255);
    const rounded = Math.round(value);
    return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
  };
  return [byteOf(mean[0]), byteOf(mean[1]), byteOf(mean[2])];
}
