// What a new head changes in a checkpoint: which tensors are dropped, their names, and config.json. A table by family,
// with the names of `transformers`' classes for classification; timm's models keep their class.
import type { NameMap } from '../checkpoint/families/names.js';
import type { JsonObject } from '../checkpoint/files/json.js';
import type { StoredTensor } from '../checkpoint/tensors.js';
import { VitError } from '../errors.js';
import type { FewShotOptions } from '../types.js';
import type { Trained } from './examples.js';

/** A tensor on its way into the file. */
export interface ExportedTensor extends StoredTensor {
  readonly data: readonly (Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>)[];
}

export interface NewHead {
  /** Whether a tensor of the file stays. */
  keeps(name: string): boolean;
  /** Its new name. */
  rename(name: string): string;
  readonly tensors: readonly ExportedTensor[];
  readonly config: JsonObject;
}

export interface Classifier {
  /** Of `transformers`; undefined for timm's, which has one class for all. */
  readonly architecture: string | undefined;
  /** What the names of the encoder begin with there. */
  readonly prefix: string;
  /**
   * What its head sees: the class token, the mean of all tokens, the class token followed by the patches' mean, or
   * whatever the model's own pooling gives.
   */
  readonly sees: 'cls' | 'mean' | 'cls and mean' | 'own';
}

const classifiers: Readonly<Record<string, Classifier>> = {
  vit: { architecture: 'ViTForImageClassification', prefix: 'vit.', sees: 'cls' },
  deit: { architecture: 'DeiTForImageClassification', prefix: 'deit.', sees: 'cls' },
  vit_msn: { architecture: 'ViTMSNForImageClassification', prefix: 'vit.', sees: 'cls' },
  ijepa: { architecture: 'IJepaForImageClassification', prefix: 'ijepa.', sees: 'mean' },
  dinov2: { architecture: 'Dinov2ForImageClassification', prefix: 'dinov2.', sees: 'cls and mean' },
  dinov2_with_registers: {
    architecture: 'Dinov2WithRegistersForImageClassification',
    prefix: 'dinov2_with_registers.',
    sees: 'cls and mean',
  },
};

const ofTimm: Classifier = { architecture: undefined, prefix: '', sees: 'own' };

/** The class for classification of a config's model. */
export function classifierOf(config: JsonObject): Classifier {
  const { architecture } = config;
  if (typeof architecture === 'string' && !/^swin|_pe_core_/.test(architecture)) return ofTimm;
  const classifier = classifiers[String(config['model_type'])];
  if (classifier) return classifier;
  throw new VitError(
    'unsupported-model',
    `A model of this kind cannot be exported: only ${Object.keys(classifiers).join(', ')} of Hugging Face, and timm's ` +
      'plain Vision Transformers, can; save the classifier with toJSON() instead.',
  );
}

/** The tensors and the config.json of a checkpoint whose head is the one that was trained. */
export function withHead(
  config: JsonObject,
  classifier: Classifier,
  names: NameMap,
  { labels, weights, examples }: Trained & { readonly weights: Float64Array },
  pool: FewShotOptions['pool'],
): NewHead {
  const { architecture, prefix, sees } = classifier;
  const used = pool ?? (sees === 'mean' ? 'mean' : 'cls');
  if (sees === 'own' ? pool !== undefined : !sees.includes(used)) {
    throw unseen(sees === 'own' ? 'its own pooling' : `"${sees}"`, used);
  }
  const isDistilled = [...names.slots.values()].some(({ slots }) => slots[0] === 'dist_token');
  const changed =
    architecture === undefined
      ? { tensors: timmHead(labels.length, weights, isDistilled), config: timmConfig(config, labels) }
      : {
          tensors: headTensors(labels.length, examples.width, weights, sees === 'cls and mean' && used),
          config: newConfig(config, architecture, labels),
        };
  // The mask token is only for pretraining, and yet part of DINOv2's class.
  const keepsMask = prefix.startsWith('dinov2');
  return {
    // Tensors that are not needed (a pooler) do not exist in the new class.
    keeps: (name) =>
      (names.slots.has(name) && !isHead(name, names)) || (keepsMask && name.endsWith('mask_token')),
    rename(name) {
      const bare = name.replace(/^module\./, '');
      return bare.startsWith(prefix) || bare.startsWith('classifier.') ? bare : prefix + bare;
    },
    ...changed,
  };
}

/** Whether a tensor belongs to the head being replaced. */
export function isHead(name: string, { slots }: NameMap): boolean {
  return /^(head|head_dist|pre_logits)\./.test(slots.get(name)?.slots[0] ?? '');
}

export function unseen(sees: string, pool: string): VitError {
  return new VitError(
    'unsupported-option',
    `The head of this model sees only ${sees}, but the classifier was made with the option pool: "${pool}"; leave it out.`,
  );
}

/**
 * `classifier.weight` and `.bias`; half of the weights are 0 where the head sees both features and learned from one.
 */
function headTensors(
  classes: number,
  width: number,
  weights: Float64Array,
  half: 'cls' | 'mean' | false,
): ExportedTensor[] {
  const inputs = half ? 2 * width : width;
  const offset = half === 'mean' ? width : 0;
  const weight = new Float32Array(classes * inputs);
  const bias = new Float32Array(classes);
  for (let k = 0; k < classes; k++) {
    const row = weights.subarray(k * (width + 1), (k + 1) * (width + 1));
    weight.set(row.subarray(0, width), k * inputs + offset);
    bias[k] = row[width];
  }
  return [
    newTensor('classifier.weight', [classes, inputs], weight),
    newTensor('classifier.bias', [classes], bias),
  ];
}

/** `head.weight` and `.bias`. timm takes the mean of a distilled model's two heads: one is doubled, the other 0. */
export function timmHead(classes: number, weights: Float64Array, isDistilled: boolean): ExportedTensor[] {
  const inputs = weights.length / classes - 1;
  const single = headTensors(
    classes,
    inputs,
    isDistilled ? weights.map((value) => 2 * value) : weights,
    false,
  );
  const head = single.map((one) => ({ ...one, name: one.name.replace('classifier', 'head') }));
  if (!isDistilled) return head;
  const zeros = single.map(({ shape, bytes, name }) =>
    newTensor(name.replace('classifier', 'head_dist'), shape, new Float32Array(bytes / 4)),
  );
  return [...head, ...zeros];
}

export function newTensor(
  name: string,
  shape: readonly number[],
  data: Float32Array<ArrayBuffer>,
): ExportedTensor {
  return { name, dtype: 'F32', shape, bytes: data.byteLength, data: [data] };
}

/** The number of classes appears in several fields. */
function timmConfig(config: JsonObject, labels: readonly string[]): JsonObject {
  const counted = (field: string) => {
    const object = config[field] as JsonObject | undefined;
    return object?.['num_classes'] === undefined
      ? {}
      : { [field]: { ...object, num_classes: labels.length } };
  };
  const kept = { ...config };
  delete kept['label_descriptions'];
  return {
    ...kept,
    num_classes: labels.length,
    ...counted('model_args'),
    ...counted('pretrained_cfg'),
    label_names: labels,
  };
}

function newConfig(config: JsonObject, architecture: string, labels: readonly string[]): JsonObject {
  const kept = { ...config };
  // Fields about the old head.
  for (const field of ['num_labels', '_num_labels', 'problem_type', 'finetuning_task', '_name_or_path'])
    delete kept[field];
  return {
    ...kept,
    architectures: [architecture],
    id2label: Object.fromEntries(labels.map((label, index) => [index, label])),
    label2id: Object.fromEntries(labels.map((label, index) => [label, index])),
  };
}
