// What timm's architecture names say and the tensors do not: which are plain ViTs, how many attention heads they have,
// and the few that differ in layer_norm_eps and activation. Shown for every architecture of timm 1.0.31 by
// tests/families/timm-architectures.test.ts.
import { activations, resamplings, type Activation, type Resampling } from '../../engine/bindings.js';
import type { JsonFields, JsonObject } from '../files/json.js';

/** Modules of timm that contain plain ViTs; the exceptions among them are listed below. */
const plain = /^(vit_|deit3?_|flexivit_|eva_|eva02_|beit_|beitv2_|aimv2_|test_vit)/;

/** Architectures that are no plain ViT; the first pattern that fits. */
const others: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /_sapiens/, what: 'has RMS norms, and fewer keys than queries' },
  {
    pattern: /_r\d*_s\d|_resnet\d|_mci_/,
    what: 'begins with a convolutional network (load the vit_* of the same width instead)',
  },
  {
    pattern: /_\d+x[2-9]_/,
    what: 'computes several attentions in parallel (load the vit_* of the same width instead)',
  },
  {
    pattern: /_d(p?wee|little)_/,
    what: 'subtracts one attention from another (load the vit_*wee_* or vit_little_* without the d instead)',
  },
  {
    pattern: /^eva02_enormous_/,
    what: 'normalizes after attention and MLP (load the eva02_large_* instead)',
  },
  {
    pattern: /_reg\d_map_/,
    what: 'pools by attention to its patches alone (load the vit_*_gap_* of the same width instead)',
  },
  {
    pattern: /_pe_core_gigantic_/,
    what: "pools by attention whose MLP is narrower than a block's (load the vit_pe_core_large_patch14_336 instead)",
  },
  { pattern: /^beit3_/, what: 'has layer norms inside of attention and MLP' },
  { pattern: /hiera_/, what: 'merges its tokens from stage to stage (load a swin_* or vit_* instead)' },
  { pattern: /^samvit_/, what: 'attends in windows' },
  { pattern: /^naflexvit_/, what: 'takes pictures of any shape' },
  { pattern: /^(swin|swinv2_cr|maxvit|twins)_/, what: 'uses an unsupported kind of window attention' },
  { pattern: /^(convnext|resnet|efficientnet|mobilenet|regnet|fastvit)/, what: 'is a convolutional network' },
];

/** Refuses the config of an architecture that is no plain ViT. */
export function checkArchitecture(fields: JsonFields): void {
  const name = fields.text('architecture') ?? '';
  const other = others.find(({ pattern }) => pattern.test(name));
  if (!other && plain.test(name)) return;
  throw fields.refusal(
    `is of the architecture "${name}", which ${other?.what ?? 'is not a plain Vision Transformer'}; of timm's models ` +
      'vit-wasm reads the plain ViTs: vit_*, deit_*, deit3_*, flexivit_*, eva_*, eva02_*, beit_*, beitv2_* and aimv2_*, and Swin: swin_* and swinv2_*',
  );
}

/** Whether a config is of timm-swin.ts, which few pages fetch. */
export function isSwin({ architecture }: JsonObject): boolean {
  return typeof architecture === 'string' && /^swin(v2)?_(tiny|small|base|large|s3_\w+?)_/.test(architecture);
}

/** The families of timm-rare.ts. */
export type RareKind = (typeof kinds)[number]['kind'];

const kinds = [
  { kind: 'relative', pattern: /relpos(_|$)/ },
  { kind: 'normsAfter', pattern: /_rpn_/ },
  { kind: 'parallel', pattern: /_pwee_|_xp_/ },
  { kind: 'mixed', pattern: /_rope_mixed_/ },
  { kind: 'rms', pattern: /^aimv2_|^test_vit4$/ },
  { kind: 'perception', pattern: /_pe_core_/ },
] as const;

/** Which of them an architecture is of, if of any. */
export function kindOf(name: string): RareKind | undefined {
  return kinds.find(({ pattern }) => pattern.test(name))?.kind;
}

/** Width → attention heads, where a head is not 64 wide: huge, giant, gigantic and "so400m". */
const headsByWidth: ReadonlyMap<number, number> = new Map([
  [1152, 16],
  [1280, 16],
  [1408, 16],
  [1664, 16],
]);

const headsByName: readonly { readonly pattern: RegExp; readonly heads: number }[] = [
  { pattern: /^vit_base_patch16_gap_224$/, heads: 16 },
  { pattern: /^vit_giantopt_|_pe_\w+_gigantic_/, heads: 16 },
  { pattern: /^vit_huge_plus_patch16_dinov3/, heads: 20 },
  { pattern: /^vit_7b_/, heads: 32 },
  { pattern: /^test_vit2?$/, heads: 2 },
  { pattern: /^test_vit(3|4|_relpos)$/, heads: 3 },
];

/** Attention heads of an architecture, or of any ViT of that width; undefined when a head would not be 64 wide. */
export function headsOf(name: string, width: number): number | undefined {
  const known = headsByName.find(({ pattern }) => pattern.test(name))?.heads ?? headsByWidth.get(width);
  const size = name.startsWith('aimv2_') ? 128 : 64;
  return known ?? (width % size === 0 ? width / size : undefined);
}

/** 1e-5 for DINOv3's, Perception Encoder's, AIMv2's and CLIP's but EVA's, 1e-6 for all others. */
export function epsOf(name: string): number {
  return /^vit(_.*)?_(clip_|dinov3|lingbot|pe_)|^aimv2_/.test(name) ? 1e-5 : 1e-6;
}

const tanhGelu =
  /^vit_(base_patch32|so400m_patch16|giantopt_patch16)_siglip_|^vit_large_patch16_siglip_(gap_)?512$/;

export function activationOf(name: string): Activation {
  if (name.includes('_quickgelu_')) return activations.quickGelu;
  return tanhGelu.test(name) ? activations.geluTanh : activations.gelu;
}

/** Whether it pools by attention where its config does not say how to pool. */
export function poolsByAttention(name: string): boolean {
  return /_siglip_(?!gap_)|_pe_core_|^test_vit3$/.test(name);
}

const averaged =
  /_gap_|_clsgap_|_dinov3(_|$)|_pe_(lang|spatial)_|_rpn_|relpos_(?!.*_cls_)|^(aimv2|beit(v2)?)_|^eva(02)?_(?!.*_clip_)|^test_vit(2|4|_relpos)$/;

/** Whether it averages the patches where its config does not say how to pool, no matter which tensors it has. */
export function poolsByAverage(name: string): boolean {
  return averaged.test(name);
}

/** How timm resamples position embeddings when it loads them for another size. */
export function resamplingOf(name: string): Resampling {
  if (/^vit_(base|huge)_patch16_radio_v3$/.test(name)) return resamplings.bilinearAligned;
  return /^flexivit_|_radio_/.test(name) ? resamplings.bilinear : resamplings.bicubicAntialiased;
}
