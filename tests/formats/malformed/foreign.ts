// Files of other formats.
import { gzipSync } from 'node:zlib';

import { makeZip, npyOf } from '../archives.js';
import { config, latin1, page, text, weightsOf, whole, type Malformed, type Row } from './row.js';

export const pickle = makeZip([
  { name: 'archive/data.pkl', data: latin1('\x80\x02}q\0.') },
  { name: 'archive/data/0', data: new Uint8Array(16) },
]);

/** Other formats. */
const contents: readonly Row[] = [
  ['an HTML page', 'html', 'Got an HTML page', () => page],
  [
    'an XML answer',
    'html',
    'Got an HTML page',
    () => text('<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>'),
  ],
  ['an HTML page by gzip', 'unsupported-format', 'compressed by gzip: unpack it first', () => gzipSync(page)],
  ['a pickle', 'unsupported-format', 'save_pretrained', () => pickle],
  [
    'an old pickle',
    'unsupported-format',
    'save_pretrained',
    () => latin1('\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.'),
  ],
  [
    'an ONNX model',
    'unsupported-format',
    'ONNX model: load the model.safetensors',
    () => latin1('\x08\x07\x12\x07pytorch\x1a\x05'),
  ],
  ['a GGUF model', 'unsupported-format', 'GGUF model: load', () => latin1('GGUF\x03\0\0\0\x10\0\0\0')],
  [
    'a TensorFlow Lite model',
    'unsupported-format',
    'TensorFlow Lite model: load',
    () => latin1('\x1c\0\0\0TFL3\x14\0\x20\0'),
  ],
  ['an HDF5 file', 'unsupported-format', 'HDF5 file: load', () => latin1('\x89HDF\r\n\x1a\n\0\0')],
  ['one NumPy array', 'unsupported-format', 'numpy.savez', () => npyOf([2], new Uint8Array(8))],
  [
    'a Git LFS pointer',
    'unsupported-format',
    'git lfs pull',
    () => text('version https://git-lfs.github.com/spec/v1\noid sha256:0'),
  ],
  [
    'a JSON file',
    'not-safetensors',
    'is not a safetensors file',
    () => text('{"error": "Repository not found"}'),
  ],
];

const named = (weights: string, says: string): Malformed => ({
  name: `weights called ${weights}`,
  files: () => ({ 'config.json': config, [weights]: whole }),
  weights,
  code: 'unsupported-format',
  says,
});

export const foreign: readonly Malformed[] = [
  ...weightsOf('instead of weights', contents, { 'config.json': config }),
  named('pytorch_model.bin', 'save_pretrained'),
  named('model.pth', 'save_pretrained'),
  named('model.onnx', 'ONNX'),
  named('model.gguf', 'GGUF'),
  named('model.tflite', 'TensorFlow Lite'),
  named('tf_model.h5', 'HDF5'),
  named('model.tar.gz', 'gzip'),
];
