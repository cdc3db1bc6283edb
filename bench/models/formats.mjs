// The files that engines read, each made of the same checkpoint.
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { checkpointFolder, workshop } from './checkpoint.mjs';
import { writeOnnxVit } from './onnx-vit.mjs';

const made = join(workshop, 'models');

/** Folders for the server: every model's checkpoint, and what is made of them. */
export function modelFolders(models) {
  const checkpoints = Object.entries(models).map(([name, model]) => {
    return [`/checkpoints/${name}/`, checkpointFolder(name, model)];
  });
  return { ...Object.fromEntries(checkpoints), '/made/': made };
}

const formats = {
  folder: (name) => `/checkpoints/${name}/`,
  onnx: (name, model, dtype) => {
    return converted(name, `${dtype}.onnx`, (path) =>
      writeOnnxVit(path, checkpointFolder(name, model), model, dtype),
    );
  },
};

/** The address of a model in a format, made if need be. */
export function modelFile(name, model, { format, dtype }) {
  return formats[format](name, model, dtype);
}

/** A file in the workshop; written aside and put in place when it is whole. */
function converted(name, file, write) {
  const path = join(made, name, file);
  if (!existsSync(path)) {
    mkdirSync(join(made, name), { recursive: true });
    write(`${path}.part`);
    renameSync(`${path}.part`, path);
  }
  return `/made/${name}/${file}`;
}
