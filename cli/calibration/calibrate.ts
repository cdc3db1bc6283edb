// A model in floats and some pictures → the same in int8, its weights rounded for what such pictures make of them.
// docs/int8-design.md says what is done, and why.
import { fill } from '../../web/checkpoint/fill.js';
import type { Report } from '../../web/checkpoint/tensors.js';
import type { ReadContext } from '../../web/checkpoint/files/folder.js';
import type { Checkpoint } from '../../web/checkpoint/open.js';
import type { NativeConfig } from '../../web/engine/bindings.js';
import { relativePositions, blockOrders } from '../../web/engine/bindings.js';
import type { Engine } from '../../web/engine/engine.js';
import { VitError } from '../../web/errors.js';
import { startBindings, startEngine } from '../engine.js';
import { readPicture } from '../pictures.js';
import { inputsOf, type Block, type Layer } from './block.js';
import { equalized, type BlockMoments } from './equalize.js';
import type { Matrix } from './matrices.js';
import { MomentsOf } from './moments.js';
import { quantizedBlock } from './quantize.js';
import { inMemory, readSlots, withSlots, type Contents } from './slots.js';

/** How often a prefix token, from which answers are mostly read, counts among patches. */
const prefixWeight = 20;

/** Throws where a model cannot be calibrated. */
export function checkCalibration({ network, weights }: Checkpoint): void {
  const fault = network.int8 ? 'its weights are int8 already; give the original' : peculiarity(network);
  if (!fault) return;
  throw new VitError('unsupported-option', `${weights.name} cannot be calibrated: ${fault}.`);
}

/** What a network has that the calibration's own blocks (block.ts) do not. */
function peculiarity(network: NativeConfig): string | undefined {
  const found = (
    [
      [network.windows.stages.length > 0, 'it is a Swin Transformer'],
      [network.relativePositions !== relativePositions.none, 'it has relative positions'],
      [network.rotary.theta > 0, 'it has rotary positions'],
      [network.blockOrder !== blockOrders.normsBefore, 'its blocks are not in the usual order'],
      [network.gatedMlp, 'its MLP is gated'],
      [network.rmsNorm, 'its norms are RMS norms'],
      [network.qkNorm || network.attentionNorm || network.mlpNorm, 'it has norms within its blocks'],
      [!network.qkvBias || !network.keyBias || !network.projectionBias, 'it has layers without biases'],
    ] as const
  ).find(([has]) => has);
  return (
    found &&
    `${found[1]}, and only plain Vision Transformers (ViT, DeiT, DINOv2, CLIP, SigLIP) can be; leave out --calibrate`
  );
}

/** The checkpoint in int8. Cost: for DeiT-Tiny about 3 seconds a picture. */
export async function calibrated(
  given: Checkpoint,
  pictures: readonly string[],
  context: ReadContext,
  report: Report,
): Promise<Checkpoint> {
  const checkpoint = await inMemory(given, report);
  const engine = await startEngine();
  await fill(engine, checkpoint, context);
  const inputs: Float32Array[] = [];
  for (const path of pictures) {
    const { data, width, height } = await readPicture(path);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
    engine.preprocess({ width, height, bands: [bytes] });
    inputs.push(engine.pixelValues());
  }
  const bindings = await startBindings();
  const contents = new Map<string, Contents>();
  const { layers, heads } = checkpoint.network;
  for (let layer = 0; layer < layers; layer++) {
    const name = `blocks.${layer}`;
    const block = blockOf(
      await readSlots(checkpoint, new RegExp(`^blocks\\.${layer}\\.`)),
      name,
      checkpoint.network,
    );
    const moments = momentsOf(engine, block, layer, inputs, checkpoint.network, (done) =>
      report('the calibration', layer * inputs.length + done, layers * inputs.length),
    );
    for (const [slot, value] of quantizedBlock(name, ...equalized(block, moments, heads), bindings)) {
      contents.set(slot, value);
    }
  }
  engine.dispose();
  return await withSlots(checkpoint, contents);
}

/** The moments of the inputs of a block's layers, over all pictures. */
function momentsOf(
  engine: Engine,
  block: Block,
  layer: number,
  pictures: readonly Float32Array[],
  network: NativeConfig,
  onPicture: (done: number) => void,
): BlockMoments {
  const { hidden, mlpHidden } = network;
  const sites = {
    qkv: new MomentsOf(hidden),
    proj: new MomentsOf(hidden),
    fc1: new MomentsOf(hidden),
    fc2: new MomentsOf(mlpHidden),
  };
  pictures.forEach((pixelValues, index) => {
    engine.setPixelValues(pixelValues);
    const inputs = inputsOf(block, tokensBefore(engine, layer, network), network);
    sites.qkv.add(inputs.qkv, engine.prefix, prefixWeight);
    sites.proj.add(inputs.proj, engine.prefix, prefixWeight);
    sites.fc1.add(inputs.fc1, engine.prefix, prefixWeight);
    sites.fc2.add(inputs.fc2, engine.prefix, prefixWeight);
    onPicture(index + 1);
  });
  return { qkv: sites.qkv.end(), proj: sites.proj.end(), fc1: sites.fc1.end(), fc2: sites.fc2.end() };
}

export function tokensBefore(engine: Engine, layer: number, { preNorm }: NativeConfig): Matrix {
  const first = preNorm ? 'norm_pre' : 'tokens';
  const { data, rows, columns } = layer === 0 ? engine.stage(first) : engine.tokens(layer, false);
  return { data: Float64Array.from(data), rows, columns };
}

export function blockOf(
  slots: ReadonlyMap<string, Float64Array>,
  name: string,
  { hidden, mlpHidden }: NativeConfig,
): Block {
  const at = (slot: string) => slots.get(`${name}.${slot}`) ?? new Float64Array();
  const norm = (slot: string) => ({ weight: at(`${slot}.weight`), bias: at(`${slot}.bias`) });
  const layer = (slot: string, columns = hidden): Layer => {
    const data = at(`${slot}.weight`);
    return { weight: { data, rows: data.length / columns, columns }, bias: at(`${slot}.bias`) };
  };
  return {
    norm1: norm('norm1'),
    q: layer('attn.q'),
    k: layer('attn.k'),
    v: layer('attn.v'),
    proj: layer('attn.proj'),
    ls1: slots.get(`${name}.ls1.gamma`),
    norm2: norm('norm2'),
    fc1: layer('mlp.fc1'),
    fc2: layer('mlp.fc2', mlpHidden),
  };
}
