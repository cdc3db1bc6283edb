// Files that are not safetensors, recognised to say what to do about them.
import { VitError } from '../errors.js';
import { pageError } from './source.js';

const convertPickle =
  'convert it in Python: ' +
  'ViTForImageClassification.from_pretrained("<folder>").save_pretrained("<new folder>", safe_serialization=True)';
const useOriginal = 'use the model.safetensors of the repository it was made from';

interface ForeignFormat {
  readonly name: string;
  /** What to do instead. */
  readonly advice: string;
  /** The file's first bytes, as Latin-1 text. */
  readonly starts: RegExp;
  /** Its name's ending. */
  readonly ending?: RegExp;
}

const foreignFormats: readonly ForeignFormat[] = [
  {
    name: 'a NumPy archive (.npz)',
    advice: 'this version reads safetensors only',
    starts: /^$/,
    ending: /\.npz$/i,
  },
  {
    name: 'a PyTorch pickle, which can run any code when read',
    advice: convertPickle,
    starts: /^PK\x03\x04|^\x80[\x02-\x05]/,
    ending: /\.(bin|pt|pth|ckpt|pkl)$/i,
  },
  { name: 'an ONNX model', advice: useOriginal, starts: /^\x08[\x01-\x0f]\x12/, ending: /\.onnx$/i },
  { name: 'a GGUF model', advice: useOriginal, starts: /^GGUF/, ending: /\.gguf$/i },
  {
    name: 'an HDF5 file',
    advice: 'this version reads safetensors only',
    starts: /^\x89HDF/,
    ending: /\.(h5|hdf5|keras)$/i,
  },
  {
    name: 'a Git LFS pointer, not the file itself',
    advice: 'run `git lfs pull` where it was cloned',
    starts: /^version /,
  },
];

function refuse({ name, advice }: ForeignFormat, file: string): VitError {
  return new VitError('unsupported-format', `${file} is ${name}: ${advice}.`);
}

/** The error for a file that starts with these (at most 8) bytes, if they are a known format's. */
export function foreignFormat(bytes: Uint8Array, file: string): VitError | undefined {
  const start = String.fromCharCode(...bytes);
  if (/^\s*<[!?a-z]/i.test(start)) return pageError(file);
  const named = foreignFormats.find(({ starts, ending }) => starts.test(start) && ending?.test(file));
  const format = named ?? foreignFormats.find(({ starts }) => starts.test(start));
  return format && refuse(format, file);
}

/** The error for weights whose name says that they are of another format. */
export function foreignName(file: string): VitError | undefined {
  const format = foreignFormats.find(({ ending }) => ending?.test(file));
  return format && refuse(format, file);
}
