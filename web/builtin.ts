// The built-in model. Only ever imported by `load()` without a model, so that other pages do not carry it.
import config from '../models/cifar10-vit/config.json' with { type: 'json' };
import preprocessor from '../models/cifar10-vit/preprocessor_config.json' with { type: 'json' };
import { inlineFiles } from './checkpoint/locate.js';

/** A small ViT for 32×32 pictures of ten classes; see models/cifar10-vit. */
export const builtin = inlineFiles(
  'the built-in model',
  config,
  preprocessor,
  new URL('./builtin/model.safetensors', import.meta.url).href,
);
