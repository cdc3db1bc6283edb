// Architectures that people load and that are no plain ViT: what to say of each.
import { VitError } from '../../errors.js';
import { shown } from '../../shown.js';
import type { Family } from './family.js';

/** By config.json's `model_type`; the first pattern that matches counts. */
const kinds: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /^(swin2sr|donut-swin|maskformer-swin)$/, what: 'is a Swin that does not classify' },
  {
    pattern: /^(convnext|convnextv2|resnet|regnet|bit|efficientnet|mobilenet_v[12])$/,
    what: 'is a convolutional network',
  },
  {
    pattern: /^(eva|eva02)$/,
    what: 'has names that vit-wasm does not know (load timm\'s copy, "timm/eva02_…", instead)',
  },
  { pattern: /^(nomic|vit_?5)/, what: 'runs code of its own (load a CLIP, SigLIP or DINOv3 instead)' },
  { pattern: /^hiera/, what: 'merges its tokens from stage to stage (load a Swin or a DINOv2 instead)' },
  {
    pattern: /^(pe_|perception_encoder)/,
    what: 'has names that vit-wasm does not know (load timm\'s copy, "timm/vit_pe_…", instead)',
  },
  {
    pattern: /^siglip2/,
    what: 'takes pictures of any shape (NaFlex; load a SigLIP 2 of a fixed size instead)',
  },
  {
    pattern:
      /^(mobilevit|mobilevitv2|levit|pvt|pvt_v2|cvt|focalnet|poolformer|swiftformer|efficientformer|segformer|vit_hybrid|nat|dinat|van|dinov3_convnext)$/,
    what: 'mixes convolutions or pyramids into its blocks',
  },
  {
    pattern: /^(detr|yolos|owlvit|dpt|sam|mask2former|vitdet|vitpose)/,
    what: 'is built for more than classifying',
  },
];

/** The error for a model_type that no family claims. `file` is the config's name. */
export function refusalOf(modelType: unknown, families: readonly Family[], file: string): VitError {
  const kind = kinds.find(({ pattern }) => typeof modelType === 'string' && pattern.test(modelType));
  const why = kind ? `, which ${kind.what} and so is not a plain Vision Transformer` : '';
  const known = families.map(({ title }) => title).join(', ');
  return new VitError(
    'unsupported-model',
    `${file} has model_type ${shown(modelType)}${why}; vit-wasm reads checkpoints of ${known}.`,
  );
}
