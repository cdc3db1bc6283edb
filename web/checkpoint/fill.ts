import type { Engine } from '../engine.js';
import { VitError } from '../errors.js';
import type { Checkpoint, ReadContext } from './open.js';
import { partShape, partsWriter } from './parts.js';

/** How often progress is told: bytes between two reports. */
const reportEvery = 1 << 16;

/** How many tensors an error names. */
const namedTensors = 10;

/**
 * Brings a checkpoint's weights into an engine. Every tensor is announced, and all that is wrong with them is told,
 * before the first weight is read; then each byte goes straight from the stream into the engine.
 */
export async function fill(engine: Engine, checkpoint: Checkpoint, context: ReadContext): Promise<void> {
  engine.guard(() => engine.begin(checkpoint.network, checkpoint.preprocess));
  announceAll(engine, checkpoint);
  await pourAll(engine, checkpoint, context);
  engine.guard(() => engine.finish());
}

function announceAll(engine: Engine, { header, names, reader }: Checkpoint): void {
  const complaints: string[] = [];
  for (const { name, dtype, shape } of header.tensors) {
    const slots = names.slots.get(name) ?? [];
    const part = partShape(shape, slots.length);
    // The parts of one tensor are alike, so one complaint says it.
    const [complaint] = slots.map((slot) => engine.announce(slot, dtype, part)).filter(Boolean);
    const where = slots.length > 1 ? ` (in each of its ${slots.length} parts)` : '';
    if (complaint) complaints.push(`"${name}" ${complaint}${where}`);
    else if (names.surplus.has(name)) complaints.push(`"${name}" is not a tensor of this model`);
  }
  const misfits = new Set(header.tensors.flatMap(({ name }) => names.slots.get(name) ?? []));
  for (const slot of engine.missing()) {
    // What came in the wrong shape was not accepted either, but is not missing.
    if (!misfits.has(slot)) complaints.push(`"${names.nameOf(slot)}" is missing`);
  }
  if (complaints.length === 0) return;
  const more = complaints.length - namedTensors;
  const list =
    complaints.slice(0, namedTensors).join('; ') + (more > 0 ? `; and ${more} more like these` : '');
  throw new VitError('tensors', `The tensors of ${reader.name} do not fit its configuration: ${list}.`);
}

async function pourAll(engine: Engine, checkpoint: Checkpoint, context: ReadContext): Promise<void> {
  const { header, names, reader, weights } = checkpoint;
  let reported = 0;
  const report = () => {
    reported = reader.position;
    context.onProgress?.({ file: weights, loaded: reported, total: header.fileBytes, phase: 'weights' });
  };
  for (const { name, dtype, shape, begin, end } of header.tensors) {
    const slots = names.slots.get(name);
    const write = slots ? partsWriter(engine, slots, dtype, shape, end - begin) : () => {};
    const complete = await reader.pour(end - begin, (piece) => {
      engine.guard(() => write(piece));
      if (reader.position - reported >= reportEvery) report();
    });
    if (!complete) throw truncated(checkpoint, name);
  }
  if (await reader.next()) {
    throw new VitError('not-safetensors', `${reader.name} goes on after its last tensor; get it again.`);
  }
  report();
}

function truncated({ header, reader }: Checkpoint, tensor: string): VitError {
  return new VitError(
    'truncated',
    `${reader.name} ends after ${reader.position} of its ${header.fileBytes} bytes, within "${tensor}"; get it again.`,
  );
}
