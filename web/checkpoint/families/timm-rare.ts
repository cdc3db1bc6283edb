// timm's plain ViTs of which there are few (timm/models/vision_transformer.py, vision_transformer_relpos.py, eva.py):
// families of their own, mostly for blocks of another kind.
import { blockOrders, poolings, relativePositions, type NativeConfig } from '../../engine/bindings.js';
import type { JsonFields } from '../files/json.js';
import { sizeAt, type Family, type NameRow, type PlacedNames, type TensorsBySlot } from './family.js';
import type { Placement } from './placement.js';
import { kindOf, type RareKind } from './timm-architectures.js';
import { allTimmRows, timm, timmRows } from './timm.js';

/** The family of a kind, with names of its own besides the usual ones. */
function timmOf(kind: RareKind, title: string, own: readonly NameRow[], more: Partial<Family>): Family {
  return {
    ...timm,
    title,
    claims: ({ architecture: name }) => typeof name === 'string' && kindOf(name) === kind,
    spellings: [{ prefix: '', rows: [...own, ...timmRows], ignored: [] }],
    ...more,
  };
}

const isNamed = (fields: JsonFields, part: string) => fields.text('architecture')?.includes(part) ?? false;

/** Norms behind attention and MLP. */
function normedAfter(fields: JsonFields, tensors: TensorsBySlot): NativeConfig {
  const network = timm.network(fields, tensors);
  if (network.pooling === poolings.classToken || network.pooling === poolings.classAndDistillation) {
    throw fields.refusal(
      'norms what attention and MLP give, and pools by class token, which no model of timm does',
    );
  }
  if (network.layerScale) {
    throw fields.refusal(
      'norms what attention and MLP give, and has layer scales, which no model of timm has',
    );
  }
  return { ...network, blockOrder: blockOrders.normsAfter };
}

/** Biases by relative position, of each block or shared, which a small network computes. */
const distanceRows: readonly NameRow[] = [
  { file: 'blocks.{i}.attn.rel_pos', slot: 'blocks.{i}.attn' },
  { file: 'shared_rel_pos', slot: '' },
].flatMap(({ file, slot }) =>
  ['fc1', 'fc2'].map((layer, i) => ({
    file: `${file}.mlp.${layer}.*`,
    slot: `${slot && `${slot}.`}cpb_mlp.${2 * i}.*`,
  })),
);

function relative(fields: JsonFields, tensors: TensorsBySlot): NativeConfig {
  const kind = fields.object('model_args')?.text('rel_pos_type') ?? 'mlp';
  if (kind !== 'mlp') throw fields.refusal(`has the rel_pos_type "${kind}"; supported is "mlp"`);
  const shared = sizeAt(tensors, 'cpb_mlp.0.weight', 0);
  const normed = isNamed(fields, '_rpn_');
  return {
    ...(normed ? normedAfter(fields, tensors) : timm.network(fields, tensors)),
    relativePositions: shared === undefined ? relativePositions.perBlock : relativePositions.shared,
    distanceWidth: shared ?? sizeAt(tensors, 'blocks.0.attn.cpb_mlp.0.weight', 0) ?? 512,
  };
}

/** Attention and MLP beside each other, behind one norm and one matrix. */
const parallelRows: readonly NameRow[] = [
  { file: 'in_norm.*', slot: 'norm1.*' },
  { file: 'in_proj.*', slot: 'in_proj.*' },
  { file: 'mlp_bias', slot: 'mlp.fc1.bias' },
  { file: 'q_norm.*', slot: 'attn.q_norm.*' },
  { file: 'k_norm.*', slot: 'attn.k_norm.*' },
  { file: 'attn_out_proj.*', slot: 'attn.proj.*' },
  { file: 'mlp_out_proj.*', slot: 'mlp.fc2.*' },
  { file: 'ls.gamma', slot: 'ls1.gamma' },
].map(({ file, slot }) => ({ file: `blocks.{i}.${file}`, slot: `blocks.{i}.${slot}` }));

function parallel(fields: JsonFields, tensors: TensorsBySlot): NativeConfig {
  return {
    ...timm.network(fields, tensors),
    blockOrder: blockOrders.parallel,
    rmsNorm: isNamed(fields, '_xp_'),
    qkvBias: tensors.has('blocks.0.in_proj.bias'),
    keyBias: tensors.has('blocks.0.in_proj.bias'),
  };
}

/** in_proj is the MLP's first layer, then queries, keys and values. */
function divided<T extends PlacedNames>(names: T, { hidden, mlpHidden, qkvBias }: NativeConfig): T {
  const sizes = [mlpHidden, hidden, hidden, hidden];
  const divide = (placement: Placement): Placement => {
    const [, block, part] = /^(blocks\.\d+\.)in_proj(\..*)$/.exec(placement.slots[0]) ?? [];
    if (!block) return placement;
    return { slots: ['mlp.fc1', 'attn.q', 'attn.k', 'attn.v'].map((slot) => block + slot + part), sizes };
  };
  return {
    ...names,
    slots: new Map([...names.slots].map(([name, placement]) => [name, divide(placement)])),
    nameOf: (slot: string) =>
      names.nameOf(
        !qkvBias && slot.endsWith('.mlp.fc1.bias')
          ? slot
          : slot.replace(/\b(mlp\.fc1|attn\.[qkv])\./, 'in_proj.'),
      ),
  };
}

/** Perception Encoder: its head is the projection to what pictures share with texts. */
export function perception(fields: JsonFields, tensors: TensorsBySlot): NativeConfig {
  if (fields.get('label_names') !== undefined) {
    throw fields.refusal(
      'has label_names, so its head is a classifier; vit-wasm reads Perception Encoders whose head is the projection ' +
        'to what pictures share with texts',
    );
  }
  return {
    ...timm.network(fields, tensors),
    classes: 0,
    poolHeads: fields.object('model_args')?.count('attn_pool_num_heads') ?? 8,
    jointWidth: sizeAt(tensors, 'joint_proj.weight', 0) ?? 0,
    jointBias: tensors.has('joint_proj.bias'),
  };
}

export const timmRare: readonly Family[] = [
  timmOf('relative', "timm's relative positions", distanceRows, { network: relative }),
  timmOf('normsAfter', "timm's residual post-norm", [], { network: normedAfter }),
  timmOf('parallel', "timm's parallel blocks", parallelRows, { network: parallel, divided }),
  timmOf('mixed', "timm's learned rotary frequencies", [{ file: 'rope.freqs', slot: 'rope.freqs' }], {}),
  timmOf('rms', "timm's AIMv2", [{ file: 'patch_embed.norm.*', slot: 'norm_pre.*' }], {
    network: (fields, tensors) => ({
      ...timm.network(fields, tensors),
      rmsNorm: true,
      patchNorm: isNamed(fields, 'aimv2_'),
      preNorm: false,
    }),
  }),
  timmOf('perception', "timm's Perception Encoder", [], {
    spellings: [
      { prefix: '', rows: [{ file: 'head.*', slot: 'joint_proj.*' }, ...allTimmRows], ignored: [] },
    ],
    network: perception,
  }),
];
