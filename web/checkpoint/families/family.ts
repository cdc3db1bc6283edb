// What a family of checkpoints is: how it names tensors, and what its network is made of. A family is a file of its
// own beside this one, mostly tables, and a row in all.ts.
import {
  blockOrders,
  poolings,
  relativePositions,
  resamplings,
  rotationPairs,
  rotaryCoordinates,
  type NativeConfig,
  type NativePreprocess,
  type NativeRotary,
  type NativeWindows,
} from '../../engine/bindings.js';
import type { Size } from '../../types.js';
import type { JsonFields, JsonObject } from '../files/json.js';
import type { Placement } from './placement.js';

/** The tensor in a file for a slot. */
export interface SlotTensor {
  /** In the slot's order of axes. */
  readonly shape: readonly number[];
  /** As the file has it. */
  readonly stored?: readonly number[];
}

export type TensorsBySlot = ReadonlyMap<string, SlotTensor>;

/** A checkpoint's names, as in names.ts: where the tensors go, and what the file would call a slot. */
export interface PlacedNames {
  readonly slots: ReadonlyMap<string, Placement>;
  nameOf(slot: string): string;
}

export interface Family {
  /** What messages call it: `Hugging Face ViT`. */
  readonly title: string;
  /** `info.modelType`. */
  readonly modelType: string;
  /** Whether a config.json says that the checkpoint is of this family. Default: by its `model_type`. */
  claims?(config: JsonObject): boolean;
  /** Refuses a config of another kind of model, before any tensor is considered. */
  check?(fields: JsonFields): void;
  readonly spellings: readonly Spelling[];
  /** Whether the tensors' shapes determine the network, so that it needs no config.json. */
  readonly saysSizes?: true;
  /**
   * The network, for images of the size that it was trained for. What the config leaves out is taken from the tensors'
   * shapes where possible; the engine then checks every tensor against the result.
   */
  network(fields: JsonFields, tensors: TensorsBySlot): NativeConfig;
  /** The names with tensors divided whose parts are not equal, as the network's sizes say. */
  divided?<T extends PlacedNames>(names: T, network: NativeConfig): T;
  /**
   * Whether the reference takes pictures of whatever size the preprocessing gives; otherwise a difference is an error.
   */
  readonly anySize?: true;
  /** The preprocessing where there is no preprocessor_config.json and `fields`, of config.json, say it. */
  preprocess?(fields: JsonFields, image: Size): NativePreprocess | undefined;
  /** Whether a preprocessor_config.json is another library's, for the same pictures. */
  readonly ignoresPreprocessor?: true;
  /** The image processor where nothing else names one. Default: `ViTImageProcessor`. */
  readonly processor?: string;
  /** Whether a text encoder may accompany the image encoder; with-texts.ts has them. */
  readonly texts?: true;
}

/** A tower that turns texts into vectors that can be compared with those of pictures. */
export interface TextTower {
  /** Its tensors, as of a model that sees a text as a grid of one row. */
  readonly family: Family;
  /** The name of the tensor that has a row for every token. */
  readonly table: RegExp;
  /** The most tokens of a text, where the config does not say it. */
  readonly longest: number;
  /** What turns the scaled cosines of all classes into probabilities. */
  readonly probabilities: 'softmax' | 'sigmoid';
  /** Whether texts are padded to the longest length. */
  readonly padded?: true;
  /** How many of a text's tokens count. Default: all. */
  lengthOf?(ids: readonly number[], text: JsonFields): number;
}

/** How a checkpoint names its tensors. */
export interface Spelling {
  /** May precede the names of the encoder. */
  readonly prefix: string;
  readonly rows: readonly NameRow[];
  /** Tensors that are known but not needed. */
  readonly ignored: readonly RegExp[];
}

/** What the scales of an int8 file's matrix add to its name; kScaleSuffix of cpp/weight_slots.h says why it is this. */
export const scaleSuffix = '_spread_scale';

/**
 * A tensor's name, and the engine's (cpp/weight_slots.h). `{i}` stands for a block's number (of a Swin Transformer, a
 * stage's, and `{j}` for a block's; `{i-1}` in a slot is the stage before), `*` for weight or bias, or the scales of an
 * int8 file's weight.
 */
export interface NameRow {
  readonly file: string;
  /** Several: the tensor is these, one after another in equal parts along its first axis. */
  readonly slot: string | readonly string[];
  /** As in {@link Placement}. */
  readonly axes?: Placement['axes'];
  /** Outside the encoder: not under its prefix. */
  readonly outside?: true;
}

/** No rotary positions. */
export const unrotated = {
  theta: 0,
  pairs: rotationPairs.halves,
  coordinates: rotaryCoordinates.centered,
  offset: 0,
  referenceRows: 0,
  referenceColumns: 0,
  columnsFirst: false,
  learned: false,
} as const satisfies NativeRotary;

/** No windows. */
export const unwindowed = { stages: [], cosine: false, asTimm: false } as const satisfies NativeWindows;

/** The simplest ViT; a family says what is different in its network. */
export const plain = {
  classToken: true,
  distillationToken: false,
  registers: 0,
  positionedPrefix: 1,
  positionResampling: resamplings.bicubic,
  learnedPositions: true,
  relativePositions: relativePositions.none,
  distanceWidth: 0,
  rotary: unrotated,
  blockOrder: blockOrders.normsBefore,
  rmsNorm: false,
  patchNorm: false,
  patchBias: true,
  qkvBias: true,
  keyBias: true,
  projectionBias: true,
  preNorm: false,
  qkNorm: false,
  attentionNorm: false,
  mlpNorm: false,
  layerScale: false,
  gatedMlp: false,
  text: false,
  causal: false,
  finalNorm: true,
  pooling: poolings.classToken,
  poolHeads: 0,
  pooledNorm: false,
  preLogits: 0,
  multiLabel: false,
  jointWidth: 0,
  jointBias: false,
  windows: unwindowed,
  int8: false,
} as const satisfies Partial<NativeConfig>;

/** The size of a slot's tensor along an axis. */
export function sizeAt(tensors: TensorsBySlot, slot: string, axis: number): number | undefined {
  return tensors.get(slot)?.shape.at(axis);
}

/** Height and width of a patch. */
export function patchSizeOf(tensors: TensorsBySlot): [number, number] | undefined {
  const shape = tensors.get('patch_embed.proj.weight')?.shape;
  return shape?.length === 4 ? [shape[2], shape[3]] : undefined;
}

/** How many encoder blocks have tensors. */
export function blockCount(tensors: TensorsBySlot): number {
  let last = -1;
  for (const slot of tensors.keys()) last = Math.max(last, Number(/^blocks\.(\d+)\./.exec(slot)?.[1] ?? -1));
  return last + 1;
}

/** Whether any block has this slot. */
export function blocksHave(tensors: TensorsBySlot, slot: string): boolean {
  return [...tensors.keys()].some((name) => /^blocks\.\d+\.(.*)$/.exec(name)?.[1] === slot);
}
