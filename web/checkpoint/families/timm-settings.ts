// Where timm's config.json has its settings.
import type { JsonFields } from '../files/json.js';

/** Two places for one setting: what the network was built with, and what is known of its weights. */
export interface Settings {
  readonly fields: JsonFields;
  /** Undefined when the config has none. */
  readonly architecture: string | undefined;
  readonly modelArgs: JsonFields | undefined;
  readonly pretrainedCfg: JsonFields;
}

/** Older files have the pretrained_cfg's fields beside the architecture. */
export function settingsOf(fields: JsonFields): Settings {
  return {
    fields,
    architecture: fields.text('architecture'),
    modelArgs: fields.object('model_args'),
    pretrainedCfg: fields.object('pretrained_cfg') ?? fields,
  };
}

/** Height and width of the images. */
export function imageSizeOf({ fields, modelArgs, pretrainedCfg }: Settings): [number, number] {
  const [depth, height, width] = pretrainedCfg.counts('input_size', 3) ?? [3, 224, 224];
  const channels = modelArgs?.count('in_chans') ?? depth;
  if (channels !== 3) {
    throw fields.refusal(`asks for ${channels} channels; vit-wasm supports 3: red, green and blue`);
  }
  return modelArgs?.size('img_size') ?? [height, width];
}
