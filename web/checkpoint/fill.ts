import type { Engine, IncomingTensor } from '../engine/engine.js';
import { VitError } from '../errors.js';
import { giveWay } from './files/give-way.js';
import type { ReadContext } from './files/folder.js';
import type { Checkpoint } from './open.js';
import { WeightsHash } from './weights-hash.js';
import type { Progress } from '../types.js';
import { misplaced, partsOf } from './families/placement.js';
import { bytesOf, type Report, type Share, type Sink, type StoredTensor } from './tensors.js';

/** Bytes between two reports of progress. */
const reportEvery = 1 << 16;

/** How many tensors an error names. */
const namedTensors = 10;

/** A tensor, or a part of one, that the engine expects. */
interface AnnouncedPart extends IncomingTensor {
  /** The index of its slot. */
  readonly index: number;
}

/** The parts of every tensor that the model needs, by the tensor's name and in the order of their bytes. */
type Announced = ReadonlyMap<string, readonly AnnouncedPart[]>;

/** Who else reads a file's tensors. */
interface Others extends Pick<Share, 'elsewhere'> {
  sinkFor(tensor: StoredTensor): Sink | undefined;
}

/**
 * Brings a checkpoint's weights into an engine. Every tensor is announced, and every mismatch is reported, before the
 * first weight is read; then each byte goes straight from the stream into the engine. Tensors that the engine does not
 * need are offered to `others`. Resolves to the hash of the weights if the model takes words.
 */
export async function fill(
  engine: Engine,
  checkpoint: Checkpoint,
  context: ReadContext,
  others?: Others,
): Promise<string | undefined> {
  const announced = await prepare(engine, checkpoint, context.signal);
  engine.guard(() => engine.allocate());
  const overall = { loaded: 0, total: bytesOf(checkpoint.weights) };
  const hash = checkpoint.names.family.texts && new WeightsHash();
  const sinkFor = (tensor: StoredTensor) => {
    const own = makeSink(engine, announced.get(tensor.name));
    const sink = own ?? others?.sinkFor(tensor);
    if (!sink) overall.loaded += tensor.bytes;
    if (!sink) return undefined;
    const counting = (piece: Uint8Array) => {
      sink(piece);
      if (own) hash?.take(tensor, piece);
      overall.loaded += piece.length;
    };
    if (!sink.ranges) return counting;
    overall.loaded += tensor.bytes - sink.ranges.reduce((sum, [begin, end]) => sum + end - begin, 0);
    return Object.assign(counting, { ranges: sink.ranges });
  };
  const share = {
    takes: (tensor: StoredTensor) => announced.has(tensor.name) || others?.sinkFor(tensor) !== undefined,
    elsewhere: others?.elsewhere,
  };
  const hasTowers = checkpoint.names.family.texts ?? others;
  await checkpoint.weights.pour(sinkFor, throttled(context, overall), hasTowers && share);
  engine.guard(() => engine.finish());
  return hash?.digest();
}

/** Compares every tensor with the configuration; reads no weight, and takes no memory for any. */
export async function prepare(
  engine: Engine,
  checkpoint: Checkpoint,
  signal: AbortSignal,
): Promise<Announced> {
  engine.guard(() => engine.begin(checkpoint.network, checkpoint.preprocess));
  return announceAll(engine, checkpoint, signal);
}

async function announceAll(
  engine: Engine,
  { weights, names }: Checkpoint,
  signal: AbortSignal,
): Promise<Announced> {
  const announced = new Map<string, AnnouncedPart[]>();
  const complaints: string[] = [];
  const misfits = new Set<string>();
  for (const tensor of weights.tensors) {
    await giveWay();
    signal.throwIfAborted();
    // Some files have tensors of no elements: the registers of a DINOv3 without registers.
    if (tensor.bytes === 0) continue;
    const placement = names.slots.get(tensor.name);
    if (placement) {
      const parts =
        misplaced(tensor, placement) ?? engine.guard(() => announce(engine, partsOf(tensor, placement)));
      if (typeof parts !== 'string') {
        announced.set(tensor.name, parts);
        continue;
      }
      const { length } = placement.slots;
      complaints.push(`"${tensor.name}" ${parts}${length > 1 ? ` (in each of its ${length} parts)` : ''}`);
      for (const slot of placement.slots) misfits.add(slot);
    } else if (names.surplus.has(tensor.name)) {
      complaints.push(`"${tensor.name}" is not a tensor of this model`);
    }
  }
  // A tensor of the wrong shape was not accepted either, but is not missing.
  const missing = engine.guard(() => engine.missing()).filter((slot) => !misfits.has(slot));
  if (complaints.length + missing.length === 0) return announced;
  const more = complaints.length + missing.length - namedTensors;
  // With too many layers in the configuration there are a great many.
  const named = missing.slice(0, namedTensors).map((slot) => `"${names.nameOf(slot)}" is missing`);
  const list =
    [...complaints, ...named].slice(0, namedTensors).join('; ') +
    (more > 0 ? `; and ${more} more like these` : '');
  throw new VitError('tensors', `The tensors of ${weights.name} do not fit its configuration: ${list}.`);
}

/** Announces every part; the first complaint where one is refused. */
function announce(engine: Engine, parts: readonly IncomingTensor[]): AnnouncedPart[] | string {
  const announced: AnnouncedPart[] = [];
  for (const part of parts) {
    const index = engine.announce(part);
    if (typeof index === 'string') return index;
    announced.push({ ...part, index });
  }
  return announced;
}

/** Writes a tensor's bytes into its slots, one after another; undefined for a tensor that the engine does not need. */
function makeSink(engine: Engine, parts: readonly AnnouncedPart[] | undefined): Sink | undefined {
  if (!parts) return undefined;
  const remainingParts = [...parts];
  let write: Sink = () => undefined;
  let remaining = 0;
  return (piece) => {
    engine.guard(() => {
      for (let from = 0; from < piece.length;) {
        if (remaining === 0) {
          const part = remainingParts.shift() as AnnouncedPart;
          write = engine.tensorWriter(part.index, part);
          remaining = part.bytes;
        }
        const bytes = piece.subarray(from, from + remaining);
        write(bytes);
        from += bytes.length;
        remaining -= bytes.length;
      }
    });
  };
}

/** Reports progress once per `reportEvery` bytes of a file, and at its end. */
function throttled({ onProgress }: ReadContext, overall: Progress['overall']): Report {
  const reported = new Map<string, number>();
  return (file, loaded, total) => {
    if (loaded < total && loaded - (reported.get(file) ?? 0) < reportEvery) return;
    reported.set(file, loaded);
    onProgress?.({ file, loaded, total, phase: 'weights', overall: { ...overall } });
  };
}
