// The rotary positions of timm's architectures, which are in their names alone (timm/models/eva.py).
import { rotationPairs, rotaryCoordinates, type NativeRotary } from '../../engine/bindings.js';
import type { JsonFields } from '../files/json.js';
import { unrotated } from './family.js';

/** DINOv3's, and of those trained as it was. */
const centered: NativeRotary = { ...unrotated, theta: 100 };

/** EVA-02's: positions in a square grid of that many rows. */
const inGridOf = (rows: number): NativeRotary => ({
  ...unrotated,
  theta: 10_000,
  pairs: rotationPairs.neighbors,
  coordinates: rotaryCoordinates.reference,
  referenceRows: rows,
  referenceColumns: rows,
});

/** Perception Encoder's: with a class token, patches count from 1. */
const perceptionEncoder = (rows: number, offset: 0 | 1): NativeRotary => ({
  ...inGridOf(rows),
  offset,
  columnsFirst: true,
});

const rotaries: readonly { readonly pattern: RegExp; readonly rotary: NativeRotary }[] = [
  { pattern: /_dinov3(_qkvb)?$|_lingbot$/, rotary: centered },
  { pattern: /^eva02_|_rope_reg\d_gap_/, rotary: inGridOf(16) },
  {
    pattern: /_rope_mixed_/,
    rotary: { ...inGridOf(0), theta: 10, columnsFirst: true, learned: true },
  },
  { pattern: /_rope_(ape_)?\d+$/, rotary: { ...inGridOf(0), theta: 100, columnsFirst: true } },
  { pattern: /_pe_core_base_/, rotary: perceptionEncoder(14, 1) },
  { pattern: /_pe_\w+_gigantic_/, rotary: perceptionEncoder(32, 0) },
  { pattern: /_pe_core_/, rotary: perceptionEncoder(24, 1) },
  { pattern: /_pe_(lang|spatial)_/, rotary: perceptionEncoder(32, 1) },
];

/** Whether an architecture has position embeddings, too. */
export function hasLearnedPositions(architecture: string): boolean {
  return !/^beit|_dinov3(_qkvb)?$|_lingbot$|_rope_(reg\d_gap_|mixed_)?\d+$|relpos(_|$)/.test(architecture);
}

/** The rotary positions of an architecture; model_args must not change them, since no tensor would show it. */
export function rotaryOf(architecture: string, modelArgs: JsonFields | undefined): NativeRotary {
  const changes = modelArgs
    ?.names()
    .find((name) => /^rope_(?!shift|jitter|rescale)|^ref_feat_shape$/.test(name));
  if (modelArgs && changes !== undefined) {
    throw modelArgs.refusal(`sets ${changes}; vit-wasm reads rotary positions as the architecture has them`);
  }
  const rotary = rotaries.find(({ pattern }) => pattern.test(architecture))?.rotary;
  const rotates = modelArgs?.flag('use_rot_pos_emb');
  if (modelArgs && rotates !== undefined && rotates !== (rotary !== undefined)) {
    throw modelArgs.refusal(
      `sets use_rot_pos_emb to ${rotates}; vit-wasm reads rotary positions as the architecture has them`,
    );
  }
  return rotary ?? unrotated;
}
