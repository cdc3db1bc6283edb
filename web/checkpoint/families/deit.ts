// Hugging Face's distilled DeiT: a second token that has learned from a teacher, with a head of its own.
import { poolings } from '../../engine/bindings.js';
import type { Family } from './family.js';
import { huggingFaceNetwork } from './hugging-face.js';
import { vitSpellings } from './vit.js';

export const deit: Family = {
  title: 'DeiT',
  modelType: 'deit',
  processor: 'DeiTImageProcessor',
  spellings: vitSpellings('deit.', [
    { file: 'embeddings.distillation_token', slot: 'dist_token' },
    { file: 'cls_classifier.*', slot: 'head.*', outside: true },
    { file: 'distillation_classifier.*', slot: 'head_dist.*', outside: true },
    { file: 'classifier.*', slot: 'head.*', outside: true },
  ]),
  network: (fields, tensors) => ({
    ...huggingFaceNetwork(fields, tensors),
    distillationToken: true,
    positionedPrefix: 2,
    pooling:
      tensors.has('head_dist.weight') ||
      fields.architectures().includes('DeiTForImageClassificationWithTeacher')
        ? poolings.classAndDistillation
        : poolings.classToken,
  }),
};
