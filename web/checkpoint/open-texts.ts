// A checkpoint's files → its text encoder, as a checkpoint of its own.
import {
  cropRoundings,
  resizeRoundings,
  filters,
  resizes,
  type NativePreprocess,
} from '../engine/bindings.js';
import { VitError } from '../errors.js';
import type { TextTower } from './families/family.js';
import { mapNames } from './families/names.js';
import { configName, type ModelFiles } from './files/model-files.js';
import { folderOf } from './files/folder.js';
import { JsonFields } from './files/json.js';
import type { StoredTensor } from './tensors.js';
import { openWeights } from './formats/weights.js';
import { bySlot, readConfiguration, type Checkpoint } from './open.js';
import type { OpenContext } from './rare-parts.js';

/** A text encoder whose weights are still to come. */
export interface TextCheckpoint extends Checkpoint {
  readonly tower: TextTower;
  /** The tensor with a row [hidden] for every token. */
  readonly table: StoredTensor;
}

/** No picture ever comes, but the engine asks for its preprocessing. */
const noPreprocess = (width: number): NativePreprocess => ({
  resize: resizes.squash,
  resizeHeight: 1,
  resizeWidth: width,
  filter: filters.bilinear,
  cropHeight: 0,
  cropWidth: 0,
  cropRounding: cropRoundings.down,
  resizeRounding: resizeRoundings.bytes,
  padding: [0, 0, 0],
  rescaleFactor: 1,
  mean: [0, 0, 0],
  std: [1, 1, 1],
});

/** Opens the files and reads everything of the text encoder but its weights. */
export async function openTexts(files: ModelFiles, context: OpenContext): Promise<TextCheckpoint> {
  const outer = folderOf(files, context);
  const [beside, { weights, folder }] = await Promise.all([
    readConfiguration(outer, context),
    openWeights(outer, context),
  ]);
  const { config } = folder === outer ? beside : await readConfiguration(folder, context);
  if (!config) throw folder.notFound(configName);
  const { object, name } = config;
  const fields = new JsonFields(object, name, 'config');
  const tower = (await context.rare()).towerOf(object, name);
  const table = tower && weights.tensors.find((tensor) => tower.table.test(tensor.name));
  if (!tower || !table) throw withoutText(weights.name);
  const names = mapNames(
    weights.tensors.map((tensor) => tensor.name),
    weights.name,
    [tower.family],
  );
  const network = tower.family.network(fields, bySlot(weights, names));
  if (table.shape.length !== 2 || table.shape[1] !== network.hidden) {
    throw new VitError(
      'tensors',
      `The tensor "${table.name}" of ${weights.name} has shape [${table.shape.join(', ')}], but the configuration ` +
        `asks for rows of ${network.hidden}.`,
    );
  }
  if (table.columnMajor) {
    const advice = 'save it in C order, with numpy.ascontiguousarray';
    throw new VitError(
      'unsupported-format',
      `"${table.name}" of ${weights.name} is in Fortran order; ${advice}.`,
    );
  }
  return {
    modelType: tower.family.modelType,
    network,
    preprocess: noPreprocess(network.imageWidth),
    labels: [],
    weights,
    names,
    tower,
    table,
  };
}

/** The error for a model that has no text encoder. */
function withoutText(file: string): VitError {
  return new VitError(
    'unsupported-model',
    `${file} has no text encoder, so it takes no classes in words; load a whole CLIP or SigLIP model, such as ` +
      '"openai/clip-vit-base-patch32".',
  );
}
