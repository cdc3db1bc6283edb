import { describe } from '../web/checkpoint/describe.js';
import { prepare } from '../web/checkpoint/fill.js';
import type { Checkpoint } from '../web/checkpoint/open.js';
import { filters, resizes, type Filter, type NativePreprocess, type Resize } from '../web/engine/bindings.js';
import type { InspectCommand } from './arguments.js';
import { open } from './checkpoint.js';
import { startEngine } from './engine.js';
import { print, printJson } from './output.js';
import { table } from './table.js';

/** Describes a model. Reads only the header of the weights; fails as `load` would. */
export async function inspect({ model, json, load }: InspectCommand): Promise<void> {
  const { checkpoint, context, close } = await open(model, load);
  try {
    const report = reportOn(checkpoint, await memoryOf(checkpoint, context.signal));
    if (json) printJson(report);
    else print(table(rowsOf(report)));
  } catch (error) {
    await close(false, error);
    throw error;
  }
  await close(false);
}

/** Bytes the model would take in memory. Every tensor is checked against the configuration on the way. */
async function memoryOf(checkpoint: Checkpoint, signal: AbortSignal): Promise<number> {
  const engine = await startEngine();
  await prepare(engine, checkpoint, signal);
  const { memoryBytes } = engine;
  engine.dispose();
  return memoryBytes;
}

function reportOn(checkpoint: Checkpoint, memoryBytes: number) {
  const { network, preprocess, weights } = checkpoint;
  const { tensors } = weights;
  const dtypes: Record<string, number> = {};
  for (const { dtype, bytes } of tensors) dtypes[dtype] = (dtypes[dtype] ?? 0) + bytes;
  const elements = ({ shape }: { readonly shape: readonly number[] }) => shape.reduce((a, b) => a * b, 1);
  return {
    ...describe(checkpoint),
    mlpHidden: network.mlpHidden,
    parameters: tensors.reduce((sum, tensor) => sum + elements(tensor), 0),
    /** Bytes in the file by data type. */
    dtypes,
    preprocess,
    memoryBytes,
  };
}

type Report = ReturnType<typeof reportOn>;

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
const by = ({ width, height }: Report['imageSize']) => `${width} × ${height} pixels`;

function rowsOf(report: Report): [string, string][] {
  const { classes, labels, dtypes } = report;
  const shown = labels.slice(0, 3).join('; ') + (labels.length > 3 ? '; …' : '');
  const stored = Object.entries(dtypes).map(([dtype, bytes]) => `${dtype} ${megabytes(bytes)}`);
  return [
    ['model type', report.modelType],
    ['image', by(report.imageSize)],
    ['patches', by(report.patchSize)],
    ['encoder blocks', `${report.layers} of width ${report.hidden}, MLP ${report.mlpHidden}`],
    ['attention heads', String(report.heads)],
    ['classes', classes === 0 ? 'none (no classification head)' : `${classes} (${shown})`],
    ['parameters', `${(report.parameters / 1e6).toFixed(1)} million`],
    ['weights', stored.join(', ')],
    ['preprocessing', preprocessing(report.preprocess)],
    ['memory', megabytes(report.memoryBytes)],
  ];
}

const filterNames: Readonly<Record<Filter, string>> = {
  [filters.lanczos]: 'Lanczos',
  [filters.bilinear]: 'bilinear',
  [filters.bicubic]: 'bicubic',
  [filters.box]: 'box',
  [filters.hamming]: 'Hamming',
};

function preprocessing(p: NativePreprocess): string {
  const size = `${p.resizeWidth} × ${p.resizeHeight}`;
  const steps: Readonly<Record<Resize, string>> = {
    [resizes.none]: 'no resize',
    [resizes.squash]: `resize to ${size}`,
    [resizes.shortestEdge]: `resize the shortest edge to ${p.resizeHeight}`,
    [resizes.cover]: `resize to cover ${size}`,
    [resizes.contain]: `resize to fit in ${size}`,
  };
  const resize = steps[p.resize] + (p.resize === resizes.none ? '' : ` (${filterNames[p.filter]})`);
  const crop = p.cropHeight > 0 ? [`center crop to ${p.cropWidth} × ${p.cropHeight}`] : [];
  const round = (values: readonly number[]) => values.map((value) => Number(value.toFixed(4))).join(', ');
  return [resize, ...crop, `mean ${round(p.mean)}`, `std ${round(p.std)}`].join('; ');
}
