import { readFile } from 'node:fs/promises';

import { fill } from '../../web/checkpoint/fill.js';
import {
  configName,
  preprocessorName,
  weightsName,
  type ModelFiles,
} from '../../web/checkpoint/files/model-files.js';
import { openCheckpoint } from '../../web/checkpoint/open.js';
import { openFile } from '../../web/checkpoint/files/source.js';
import type { Engine } from '../../web/engine/engine.js';
import { fixtures, readJson } from './fixtures.js';
import type { ImageDescription } from './noise.js';

/** A row of models.json. */
export interface GoldenModel {
  name: string;
  /** What its pixel values were made of. */
  picture: ImageDescription;
}

export const goldenModels = await readJson<GoldenModel[]>('models.json');

/** The Hugging Face folder of a golden model. */
export function folderOf(model: GoldenModel): URL {
  return new URL(`models/${model.name}/`, fixtures);
}

/** Brings a folder's model into an engine, the way `load` does. */
export async function fillEngine(engine: Engine, folder: URL): Promise<void> {
  const names = [configName, preprocessorName, weightsName];
  const listed = names.map(async (name) => [name, await readFile(new URL(name, folder))] as const);
  await fillFrom(engine, folder.pathname, Object.fromEntries(await Promise.all(listed)));
}

/** Brings a model's files into an engine. `title` is what messages call them. */
export async function fillFrom(
  engine: Engine,
  title: string,
  contents: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  const listed = Object.entries(contents).map(([name, bytes]) => [name, { kind: 'bytes', bytes }] as const);
  const files: ModelFiles = { title, weights: weightsName, listed: Object.fromEntries(listed) };
  const rare = () => import('../../web/runtime/rare.js');
  const context = { open: openFile, signal: new AbortController().signal, rare };
  await fill(engine, await openCheckpoint(files, {}, context), context);
}
