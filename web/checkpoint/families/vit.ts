// Hugging Face's ViT (also the DeiTs without distillation, DINO, and most fine-tunes) and those that differ from it in
// how they were trained: ViTMAE, ViT-MSN, I-JEPA.
import { poolings } from '../../engine/bindings.js';
import type { Family, NameRow, Spelling } from './family.js';
import { huggingFaceNetwork } from './hugging-face.js';

/** What surrounds the blocks. */
const around: readonly NameRow[] = [
  { file: 'embeddings.cls_token', slot: 'cls_token' },
  { file: 'embeddings.position_embeddings', slot: 'pos_embed' },
  { file: 'embeddings.patch_embeddings.projection.*', slot: 'patch_embed.proj.*' },
  { file: 'layernorm.*', slot: 'norm.*' },
];

/** Encoder blocks as transformers named them up to version 4, and as the Hub's files do. */
const blocks4: readonly NameRow[] = [
  { file: 'encoder.layer.{i}.layernorm_before.*', slot: 'blocks.{i}.norm1.*' },
  { file: 'encoder.layer.{i}.attention.attention.query.*', slot: 'blocks.{i}.attn.q.*' },
  { file: 'encoder.layer.{i}.attention.attention.key.*', slot: 'blocks.{i}.attn.k.*' },
  { file: 'encoder.layer.{i}.attention.attention.value.*', slot: 'blocks.{i}.attn.v.*' },
  { file: 'encoder.layer.{i}.attention.output.dense.*', slot: 'blocks.{i}.attn.proj.*' },
  { file: 'encoder.layer.{i}.layernorm_after.*', slot: 'blocks.{i}.norm2.*' },
  { file: 'encoder.layer.{i}.intermediate.dense.*', slot: 'blocks.{i}.mlp.fc1.*' },
  { file: 'encoder.layer.{i}.output.dense.*', slot: 'blocks.{i}.mlp.fc2.*' },
];

/** Encoder blocks as transformers names them from version 5 on. */
const blocks5: readonly NameRow[] = [
  { file: 'layers.{i}.layernorm_before.*', slot: 'blocks.{i}.norm1.*' },
  { file: 'layers.{i}.attention.q_proj.*', slot: 'blocks.{i}.attn.q.*' },
  { file: 'layers.{i}.attention.k_proj.*', slot: 'blocks.{i}.attn.k.*' },
  { file: 'layers.{i}.attention.v_proj.*', slot: 'blocks.{i}.attn.v.*' },
  { file: 'layers.{i}.attention.o_proj.*', slot: 'blocks.{i}.attn.proj.*' },
  { file: 'layers.{i}.layernorm_after.*', slot: 'blocks.{i}.norm2.*' },
  { file: 'layers.{i}.mlp.fc1.*', slot: 'blocks.{i}.mlp.fc1.*' },
  { file: 'layers.{i}.mlp.fc2.*', slot: 'blocks.{i}.mlp.fc2.*' },
];

/** Both. */
export const vitBlocks = [blocks4, blocks5] as const;

const ignored = [
  /^pooler\.dense\.(weight|bias)$/, // a ViTModel's own head
  /^embeddings\.mask_token$/, // of masked-image pretraining
  /^decoder\./, // ViTMAE's, which draws the picture again
];

/** Both releases' spellings, with the names that are a family's own. */
export function vitSpellings(prefix: string, own: readonly NameRow[]): Spelling[] {
  return vitBlocks.map((blocks) => ({ prefix, rows: [...around, ...own, ...blocks], ignored }));
}

const oneHead: readonly NameRow[] = [{ file: 'classifier.*', slot: 'head.*', outside: true }];

export const vit: Family = {
  title: 'Hugging Face ViT',
  modelType: 'vit',
  spellings: vitSpellings('vit.', oneHead),
  network: huggingFaceNetwork,
};

export const vitMae: Family = { ...vit, title: 'ViTMAE', modelType: 'vit_mae' };

export const vitMsn: Family = {
  ...vit,
  title: 'ViT-MSN',
  modelType: 'vit_msn',
  network: (fields, tensors) => ({
    ...huggingFaceNetwork(fields, tensors),
    layerNormEps: fields.positive('layer_norm_eps') ?? 1e-6,
  }),
};

export const iJepa: Family = {
  title: 'I-JEPA',
  modelType: 'ijepa',
  spellings: vitSpellings('ijepa.', oneHead),
  network: (fields, tensors) => ({
    ...huggingFaceNetwork(fields, tensors),
    classToken: false,
    positionedPrefix: 0,
    pooling: poolings.meanTokens,
  }),
};
