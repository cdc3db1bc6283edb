// The files that engines read, each made of the same checkpoint.
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkpointFolder, made } from './checkpoint.mjs';
import { writeOnnxVit } from './onnx-vit.mjs';
import { asDeit, asItIs } from './picture.mjs';
import { writeTfliteVit } from './tflite-vit.mjs';

/** Formats by name: how a file of it is made, where it is no checkpoint, and the address it is served at. */
const formats = {
  checkpoint: { address: (name) => `/checkpoints/${name}/` },
  // The same, with the preprocessing that a photograph gets.
  photograph: { address: (name) => `/photographs/${name}/` },
  onnx: { write: writeOnnxVit, address: (name, dtype) => `/made/${name}/${dtype}.onnx` },
  transformers: { write: writeOnnxVit, file: 'onnx', address: (name) => `/transformers/${name}/` },
  tflite: { write: writeTfliteVit, address: (name, dtype) => `/made/${name}/${dtype}.tflite` },
};

/** The address of a model in a format, made if need be. */
export function modelFile(name, model, { format, dtype }) {
  const { write, file = format, address } = formats[format];
  if (write)
    make(join(made, name, `${dtype}.${file}`), (path) =>
      write(path, checkpointFolder(name, model), model, dtype),
    );
  return address(name, dtype);
}

/** Folders and files for the server: every model's checkpoint, and what is made of them. */
export function modelFolders(models) {
  const folders = { '/made/': made };
  for (const [name, model] of Object.entries(models)) {
    const checkpoint = checkpointFolder(name, model);
    for (const [prefix, preprocessor] of [
      [`/checkpoints/${name}/`, asItIs(model.image)],
      [`/photographs/${name}/`, asDeit(model.image)],
    ]) {
      const file = join(made, prefix, 'preprocessor_config.json');
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, JSON.stringify(preprocessor));
      folders[`${prefix}preprocessor_config.json`] = file;
      folders[prefix] = checkpoint;
    }
    // The layout of the Hub's ONNX repositories.
    folders[`/transformers/${name}/config.json`] = join(checkpoint, 'config.json');
    folders[`/transformers/${name}/onnx/model.onnx`] = join(made, name, 'fp32.onnx');
    folders[`/transformers/${name}/onnx/model_quantized.onnx`] = join(made, name, 'int8.onnx');
  }
  return folders;
}

/** Makes a file that is not there yet; written aside, and put in place when it is whole. */
function make(path, write) {
  if (existsSync(path)) return;
  mkdirSync(join(path, '..'), { recursive: true });
  write(`${path}.part`);
  renameSync(`${path}.part`, path);
}
