// The files that engines read, each made of the same checkpoint.
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../../scripts/shell.mjs';
import { checkpointFolder, made } from './checkpoint.mjs';
import { writeOnnxConvnet } from './onnx-convnet.mjs';
import { writeOnnxVit } from './onnx-vit.mjs';
import { asDeit, asItIs } from './picture.mjs';
import { writeTfliteConvnet } from './tflite-convnet.mjs';
import { writeTfliteVit } from './tflite-vit.mjs';

/** Formats by name: how a file of it is made, where it is no checkpoint, and the address it is served at. */
const formats = {
  checkpoint: { address: (name) => `/checkpoints/${name}/` },
  // What `convert --dtype int8` makes of it.
  converted: { write: convert, address: (name) => `/converted/${name}/` },
  // The checkpoint with the preprocessing that a photograph gets.
  photograph: { address: (name) => `/photographs/${name}/` },
  onnx: {
    write: either(writeOnnxConvnet, writeOnnxVit),
    address: (name, dtype) => `/made/${name}/${dtype}.onnx`,
  },
  transformers: {
    write: ofCheckpoint(writeOnnxVit),
    file: 'onnx',
    address: (name) => `/transformers/${name}/`,
  },
  tflite: {
    write: either(writeTfliteConvnet, writeTfliteVit),
    address: (name, dtype) => `/made/${name}/${dtype}.tflite`,
  },
};

function convert(path, name, model, dtype) {
  const program = join(root, 'dist/cli.js');
  run(process.execPath, [program, 'convert', checkpointFolder(name, model), '--dtype', dtype, '-o', path], {
    quiet: true,
  });
}

/** A writer of a ViT's checkpoint as a function of the model. */
function ofCheckpoint(writeVit) {
  return (path, name, model, dtype) => writeVit(path, checkpointFolder(name, model), model, dtype);
}

/** A writer of ViTs and of convolutional networks. */
function either(writeConvnet, writeVit) {
  const write = ofCheckpoint(writeVit);
  return (path, name, model, dtype) =>
    model.network ? writeConvnet(path, model) : write(path, name, model, dtype);
}

/** The address of a model in a format, made if need be. */
export function modelFile(name, model, { format, dtype }) {
  const { write, file = format, address } = formats[format];
  if (write) make(join(made, name, `${dtype}.${file}`), (path) => write(path, name, model, dtype));
  return address(name, dtype);
}

/** Folders and files for the server: every model's checkpoint, and what is made of them. */
export function modelFolders(models) {
  const folders = { '/made/': made };
  for (const [name, model] of Object.entries(models)) {
    const checkpoint = checkpointFolder(name, model);
    const converted = join(made, name, 'int8.converted');
    for (const [prefix, preprocessor, folder] of [
      [`/checkpoints/${name}/`, asItIs(model.image), checkpoint],
      [`/photographs/${name}/`, asDeit(model.image), checkpoint],
      [`/converted/${name}/`, asItIs(model.image), converted],
    ]) {
      const file = join(made, prefix, 'preprocessor_config.json');
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, JSON.stringify(preprocessor));
      folders[`${prefix}preprocessor_config.json`] = file;
      folders[prefix] = folder;
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
