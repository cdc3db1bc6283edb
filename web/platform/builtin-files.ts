import config from '../../models/tinyimagenet-vit/config.json' with { type: 'json' };
import preprocessor from '../../models/tinyimagenet-vit/preprocessor_config.json' with { type: 'json' };
import type { FileLocation, ModelFiles } from '../checkpoint/files/model-files.js';
import { inlineFiles } from '../checkpoint/locate.js';

/** The built-in model, a small int8 ViT for 64×64 pictures of 200 everyday things (models/tinyimagenet-vit), with
 * weights from anywhere. */
export function builtinFiles(weights: FileLocation): ModelFiles {
  const names = { title: 'the built-in model', source: 'builtin' };
  return inlineFiles(names, { ...config, license: 'mit' }, preprocessor, weights);
}
