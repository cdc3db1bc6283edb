import { parseArgs } from 'node:util';
import type { LoadOptions } from '../web/types.js';

/** The arguments are wrong; the message says how. */
export class UsageError extends Error {}

export const usage = `Run Vision Transformers from the command line.

  vit-wasm inspect <model>                     Describe a model, or say why it is not supported
  vit-wasm convert <model> -o <folder>         Write a smaller copy, which loads like the original
  vit-wasm classify <model> <images…>          Print the most probable classes of PNG, JPEG or WebP files
  vit-wasm labels <model> "cat,dog" -o <file>  Write the vectors of classes in words, of a CLIP or SigLIP model

A model is a path (a folder or its weights file), a Hub repository ("owner/name"), a URL, or "builtin".

  --dtype <type>       convert: fp16 (default), int8 or fp32; classify, labels: fp32 or int8, in memory
  --calibrate <folder> convert --dtype int8: pictures like those to come, for which the weights are rounded
  -o, --output <path>  convert: the folder to create; labels: the JSON file to write
  -t, --template <s>   labels: sentence with {} for the label, as "a photo of {}"; repeat to average
  -f, --force          convert: replace the files of an existing model
  -k, --top-k <n>      classify: number of classes to print (default 5)
  --json               inspect, classify: print JSON instead of a table
  --revision <name>    branch, tag or commit of the repository (default main)
  --host <url>         address of the Hub
  --token <token>      access token for private and gated repositories
  --integrity <sha>    require the weights to have this checksum ("sha256-…")
  --cache <folder>     where to keep downloads; --no-cache keeps none
  -h, --help           print this help
  -v, --version        print the version

Exit codes: 0 success, 1 failure, 2 usage error.`;

const options = {
  dtype: { type: 'string' },
  calibrate: { type: 'string' },
  output: { type: 'string', short: 'o' },
  force: { type: 'boolean', short: 'f' },
  'top-k': { type: 'string', short: 'k' },
  template: { type: 'string', short: 't', multiple: true },
  json: { type: 'boolean' },
  revision: { type: 'string' },
  host: { type: 'string' },
  token: { type: 'string' },
  integrity: { type: 'string' },
  cache: { type: 'string' },
  'no-cache': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

/** The options that only some commands have. */
const own = {
  inspect: ['json'],
  convert: ['dtype', 'calibrate', 'output', 'force'],
  classify: ['dtype', 'top-k', 'json'],
  labels: ['dtype', 'output', 'template'],
} as const;
const ownOptions = ['dtype', 'calibrate', 'output', 'force', 'top-k', 'template', 'json'] as const;

export type LoadArguments = Pick<LoadOptions, 'revision' | 'host' | 'token' | 'integrity' | 'cache'>;

export interface InspectCommand {
  readonly name: 'inspect';
  readonly model: string;
  readonly json: boolean;
  readonly load: LoadArguments;
}

export interface ConvertCommand {
  readonly name: 'convert';
  readonly model: string;
  readonly dtype: ConvertType;
  /** The folder of pictures to round int8 weights for. */
  readonly calibrate: string | undefined;
  readonly output: string;
  /** Whether existing files may be replaced. */
  readonly force: boolean;
  readonly load: LoadArguments;
}

export interface ClassifyCommand {
  readonly name: 'classify';
  readonly model: string;
  readonly images: readonly string[];
  readonly dtype: string | undefined;
  readonly topK: number;
  readonly json: boolean;
  readonly load: LoadArguments;
}

export interface LabelsCommand {
  readonly name: 'labels';
  readonly model: string;
  readonly labels: readonly string[];
  /** None: the labels alone. */
  readonly template: readonly string[];
  readonly output: string;
  readonly dtype: string | undefined;
  readonly load: LoadArguments;
}

export type Command =
  | InspectCommand
  | ConvertCommand
  | ClassifyCommand
  | LabelsCommand
  | { readonly name: 'help' }
  | { readonly name: 'version' };

const convertTypes = ['fp16', 'int8', 'fp32'] as const;
export type ConvertType = (typeof convertTypes)[number];

/** Parses the arguments of the command line. */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  if (values.help || args.length === 0) return { name: 'help' };
  if (values.version) return { name: 'version' };
  const [name, model, ...rest] = positionals;
  if (name !== 'inspect' && name !== 'convert' && name !== 'classify' && name !== 'labels') {
    throw new UsageError(name === undefined ? 'No command given.' : `Unknown command "${name}".`);
  }
  if (model === undefined) throw new UsageError(`${name} needs a model.`);
  const foreign = ownOptions.find((option) => values[option] !== undefined && !isOwn(name, option));
  if (foreign) throw new UsageError(`${name} has no option --${foreign}.`);
  if (name !== 'classify' && name !== 'labels' && rest.length > 0) {
    throw new UsageError(`${name} takes one model; unexpected argument "${rest[0]}".`);
  }
  const load = loadArguments(values);
  if (name === 'labels') return labelsCommand(model, rest, values, load);
  if (name === 'inspect') return { name, model, json: values.json ?? false, load };
  if (name === 'convert') {
    if (values.output === undefined) throw new UsageError('convert needs an output folder: -o <folder>.');
    const dtype = convertType(values.dtype ?? 'fp16');
    const { calibrate, output, force = false } = values;
    if (calibrate !== undefined && dtype !== 'int8') throw new UsageError('--calibrate needs --dtype int8.');
    return { name, model, dtype, calibrate, output, force, load };
  }
  if (rest.length === 0) throw new UsageError('classify needs at least one image.');
  const topK = values['top-k'] === undefined ? 5 : Number(values['top-k']);
  if (!Number.isInteger(topK) || topK < 1)
    throw new UsageError('--top-k must be a whole number, at least 1.');
  return { name, model, images: rest, dtype: values.dtype, topK, json: values.json ?? false, load };
}

/** Labels are one argument, with commas between them, or several. */
function labelsCommand(
  model: string,
  rest: readonly string[],
  { output, dtype, template = [] }: ReturnType<typeof parse>['values'],
  load: LoadArguments,
): LabelsCommand {
  const labels = rest.flatMap((text) => text.split(',').map((label) => label.trim())).filter(Boolean);
  if (labels.length === 0) throw new UsageError('labels needs the classes in words: "cat,dog".');
  if (output === undefined) throw new UsageError('labels needs an output file: -o <file>.');
  return { name: 'labels', model, labels, template, output, dtype, load };
}

const isOwn = (command: keyof typeof own, option: string) =>
  (own[command] as readonly string[]).includes(option);

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function convertType(text: string): ConvertType {
  const type = convertTypes.find((known) => known === text);
  if (type) return type;
  throw new UsageError(`Unknown --dtype "${text}"; expected ${convertTypes.join(', ')}.`);
}

function loadArguments(values: ReturnType<typeof parse>['values']): LoadArguments {
  const { revision, host, token, integrity, cache } = values;
  return {
    ...(revision !== undefined && { revision }),
    ...(host !== undefined && { host }),
    ...(token !== undefined && { token }),
    ...(integrity !== undefined && { integrity }),
    cache: values['no-cache'] ? false : (cache ?? true),
  };
}
