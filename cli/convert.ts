import { once } from 'node:events';
import { prepare } from '../web/checkpoint/fill.js';
import { towerBeside } from '../web/checkpoint/families/with-texts.js';
import { mapNames } from '../web/checkpoint/families/names.js';
import type { Placement } from '../web/checkpoint/families/placement.js';
import { configName, tokenizerNames, weightsName } from '../web/checkpoint/files/model-files.js';
import { safetensorsHeader } from '../web/checkpoint/formats/safetensors-header.js';
import type { ConvertCommand } from './arguments.js';
import type { Checkpoint } from '../web/checkpoint/open.js';
import { open } from './checkpoint.js';
import { startBindings, startEngine } from './engine.js';
import { encodingFor } from './encoding.js';
import { calibrated, checkCalibration } from './calibration/calibrate.js';
import { calibrationPictures } from './calibration/pictures.js';
import { print } from './output.js';
import { checkOutput, OutputFolder } from './output-folder.js';
import { ProgressBar } from './progress.js';

/**
 * Writes a model as a folder of safetensors: its JSON files as they are (for int8, without what only takes space), its
 * tensors under their names.
 */
export async function convert({
  model,
  dtype,
  calibrate,
  output,
  force,
  load,
}: ConvertCommand): Promise<void> {
  await checkOutput(output, force);
  const pictures = calibrate === undefined ? undefined : await calibrationPictures(calibrate);
  const bar = new ProgressBar();
  const { checkpoint: given, smallFiles, context, close } = await open(model, load);
  try {
    if (pictures) checkCalibration(given);
    // Checked against its configuration first: what is written has to load.
    const engine = await startEngine();
    await prepare(engine, given, context.signal);
    engine.dispose();
    const show = (name: string, loaded: number, total: number) => bar.show(name, loaded, total);
    const checkpoint = pictures ? await calibrated(given, pictures, context, show) : given;
    const bindings = await startBindings();
    const { tensors } = checkpoint.weights;
    const slots = slotsOfBothTowers(checkpoint);
    const encodings = new Map(tensors.map((tensor) => [tensor, encodingFor(tensor, slots, dtype, bindings)]));
    const folder = await OutputFolder.make(output);
    try {
      const file = await folder.write(weightsName);
      // Reported when the end is awaited, if not before.
      const failed = once(file, 'error').then(([error]) => Promise.reject(error as Error));
      failed.catch(() => undefined);
      file.write(safetensorsHeader([...encodings.values()].flatMap(({ tensors }) => tensors)));
      await checkpoint.weights.pour(
        (tensor) => encodings.get(tensor)?.sink((bytes) => void file.write(bytes)),
        show,
      );
      file.end();
      await Promise.race([once(file, 'close'), failed]);
      for (const [name, bytes] of smallFiles) {
        // Quantized weights are for this library alone, which needs no more of the JSON.
        const isShortened = dtype === 'int8' && !tokenizerNames.includes(name);
        await folder.writeAll(name, isShortened ? compact(bytes) : bytes);
      }
      // An .npz has no config.json and needs none; a folder must have one.
      if (!smallFiles.has(configName)) await folder.writeAll(configName, Buffer.from('{}\n'));
      await folder.keep();
    } catch (error) {
      await folder.drop();
      throw error;
    }
  } catch (error) {
    bar.end();
    await close(false, error);
    throw error;
  }
  bar.end();
  await close(true);
  print(`Wrote ${output}.`);
}

/** Where the tensors go in the network for pictures, and in that for texts if there is one. */
function slotsOfBothTowers({ names, weights }: Checkpoint): ReadonlyMap<string, Placement> {
  const texts = towerBeside(names.family);
  if (!texts || !weights.tensors.some(({ name }) => texts.table.test(name))) return names.slots;
  const all = weights.tensors.map(({ name }) => name);
  return new Map([...names.slots, ...mapNames(all, weights.name, [texts.family]).slots]);
}

/** A JSON file without its indentation and the second list of labels. */
function compact(bytes: Uint8Array): Uint8Array {
  const object = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  if ('id2label' in object) delete object['label2id'];
  return Buffer.from(JSON.stringify(object));
}
