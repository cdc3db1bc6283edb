import config from '../../models/cifar10-vit/config.json' with { type: 'json' };
import preprocessor from '../../models/cifar10-vit/preprocessor_config.json' with { type: 'json' };
import type { FileLocation, ModelFiles } from '../checkpoint/files/model-files.js';
import { inlineFiles } from '../checkpoint/locate.js';

/** The built-in model, a small ViT for 32×32 pictures of ten classes (models/cifar10-vit), with weights from anywhere. */
export function builtinFiles(weights: FileLocation): ModelFiles {
  return inlineFiles('the built-in model', config, preprocessor, weights);
}
