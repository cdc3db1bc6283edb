// Formats that are not supported, recognized so that errors can say what to do.
import { pageError, VitError } from '../../errors.js';
import type { ZipArchive } from '../files/zip.js';

const useOriginal = 'load the model.safetensors of the repository it was made from';

interface ForeignFormat {
  readonly name: string;
  /** What to do instead. */
  readonly advice: string;
  /** The file's first bytes, as Latin-1 text. */
  readonly starts: RegExp;
  /** Its name's ending. */
  readonly ending?: RegExp;
}

const pickle: ForeignFormat = {
  name: 'a PyTorch pickle, which can run any code when read',
  advice:
    'convert it in Python: ' +
    'ViTForImageClassification.from_pretrained("<folder>").save_pretrained("<new folder>", safe_serialization=True)',
  starts: /^\x80[\x02-\x05]/,
  ending: /\.(bin|pt|pth|ckpt|pkl)$/i,
};

const foreignFormats: readonly ForeignFormat[] = [
  pickle,
  { name: 'an ONNX model', advice: useOriginal, starts: /^\x08[\x01-\x0f]\x12/, ending: /\.onnx$/i },
  { name: 'a GGUF model', advice: useOriginal, starts: /^GGUF/, ending: /\.gguf$/i },
  { name: 'a TensorFlow Lite model', advice: useOriginal, starts: /^.{4}TFL3/s, ending: /\.tflite$/i },
  { name: 'an HDF5 file', advice: useOriginal, starts: /^\x89HDF/, ending: /\.(h5|hdf5|keras)$/i },
  {
    name: 'one NumPy array',
    advice: 'save all of them with numpy.savez',
    starts: /^\x93NUMPY/,
    ending: /\.npy$/i,
  },
  {
    name: 'compressed by gzip',
    advice: 'unpack it first, or serve it with the header "Content-Encoding: gzip"',
    starts: /^\x1f\x8b/,
    ending: /\.(gz|tgz)$/i,
  },
  { name: 'a tar archive', advice: 'pack the folder as a zip', starts: /^$/, ending: /\.tar$/i },
  {
    name: 'a Git LFS pointer, not the file itself',
    advice: 'run `git lfs pull` where it was cloned',
    starts: /^version /,
  },
];

function refuse({ name, advice }: ForeignFormat, file: string): VitError {
  return new VitError('unsupported-format', `${file} is ${name}: ${advice}.`);
}

/** The error for a file that starts with these bytes, if they are those of a known format. */
export function foreignFormat(bytes: Uint8Array, file: string): VitError | undefined {
  const start = String.fromCharCode(...bytes);
  if (/^\s*<[!?a-z]/i.test(start)) return pageError(file);
  const format = foreignFormats.find(({ starts }) => starts.test(start));
  return format && refuse(format, file);
}

/** The error for weights whose name is that of another format. */
export function foreignName(file: string): VitError | undefined {
  const format = foreignFormats.find(({ ending }) => ending?.test(file));
  return format && refuse(format, file);
}

/** The error for an archive that is a file of another format. */
export function foreignArchive({ file, entries }: ZipArchive): VitError | undefined {
  const isPickle = entries.some(({ name }) => /(^|\/)data\.pkl$/.test(name));
  return isPickle ? refuse(pickle, file.name) : undefined;
}
