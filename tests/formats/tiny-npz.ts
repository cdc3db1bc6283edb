// The tiny checkpoint of ../web/tiny-checkpoint.ts as an .npz in the original spelling, with other numbers.
import { makeTensor } from '../web/tiny-checkpoint.js';
import { npyOf, type ArchiveFile } from './archives.js';

const heads = 'MultiHeadDotProductAttention_1';

const block: Record<string, number[]> = {
  ...pair('LayerNorm_0', 'scale', [8], [8]),
  ...pair('LayerNorm_2', 'scale', [8], [8]),
  ...pair(`${heads}/query`, 'kernel', [8, 2, 4], [2, 4]),
  ...pair(`${heads}/key`, 'kernel', [8, 2, 4], [2, 4]),
  ...pair(`${heads}/value`, 'kernel', [8, 2, 4], [2, 4]),
  ...pair(`${heads}/out`, 'kernel', [2, 4, 8], [8]),
  ...pair('MlpBlock_3/Dense_0', 'kernel', [8, 16], [16]),
  ...pair('MlpBlock_3/Dense_1', 'kernel', [16, 8], [8]),
};

const shapes: Record<string, number[]> = {
  cls: [1, 1, 8],
  'Transformer/posembed_input/pos_embedding': [1, 5, 8],
  ...pair('embedding', 'kernel', [4, 4, 3, 8], [8]),
  ...pair('Transformer/encoder_norm', 'scale', [8], [8]),
  ...pair('head', 'kernel', [8, 3], [3]),
  ...prefixed('Transformer/encoderblock_0/'),
  ...prefixed('Transformer/encoderblock_1/'),
};

function pair(layer: string, weight: string, shape: number[], bias: number[]): Record<string, number[]> {
  return { [`${layer}/${weight}`]: shape, [`${layer}/bias`]: bias };
}

function prefixed(prefix: string): Record<string, number[]> {
  return Object.fromEntries(Object.entries(block).map(([name, shape]) => [prefix + name, shape]));
}

export function tinyArrays(): ArchiveFile[] {
  return Object.entries(shapes).map(([name, shape], i) => ({
    name: `${name}.npy`,
    data: npyOf(shape, makeTensor(name, shape, i).data),
  }));
}
