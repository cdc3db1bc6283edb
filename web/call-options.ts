// Checks that the options of every call share.
import { VitError } from './errors.js';
import { shown } from './shown.js';

/** Rejects unknown options: if they were ignored silently, they would seem to work. */
export function checkOptions(options: object, known: readonly string[], verb: string): void {
  checkIsOptions(options, known, verb);
  const unknown = Object.entries(options).find(
    ([name, value]) => value !== undefined && !known.includes(name),
  );
  if (!unknown) {
    const { signal, ...flags } = options as Record<string, unknown>;
    for (const name of ['latest', 'settle']) {
      const value = flags[name];
      if (value !== undefined && typeof value !== 'boolean') throw wrong(name, value, 'true or false');
    }
    return checkSignal(signal);
  }
  throw new VitError(
    'unsupported-option',
    `${verb} has no option ${shown(unknown[0])} in this version; the options are ${known.join(', ')}.`,
  );
}

/** Rejects a second argument that is not an options object. */
export function checkIsOptions(options: unknown, known: readonly string[], verb: string): void {
  const kind = Object.prototype.toString.call(options);
  if (kind === '[object Object]' && !isRawImage(options)) return;
  const example = known.includes('topK') ? '{ topK: 3 }' : `{ ${known[0]} }`;
  let advice = `options are an object, as in ${example}`;
  if (verb === 'load' && typeof options === 'string') {
    advice = `pass only the model by itself, load(${shown(options)}), and options are an object`;
  } else if (typeof options === 'object' && options !== null && verb !== 'load') {
    advice = `several pictures are given in a list, ${verb}([first, second]), and ${advice}`;
  }
  throw new VitError('invalid-argument', `${verb} cannot use ${shown(options)} as options: ${advice}.`);
}

function isRawImage(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'data' in value && 'width' in value;
}

/** Rejects anything but an abort signal. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined) return;
  const { throwIfAborted, addEventListener } = (signal ?? {}) as Partial<AbortSignal>;
  if (typeof throwIfAborted === 'function' && typeof addEventListener === 'function') return;
  throw wrong('signal', signal, "an AbortController's signal");
}

/** The error for an option of the wrong form. */
export function wrong(option: string, value: unknown, form: string): VitError {
  return new VitError('invalid-argument', `${option} is ${shown(value)}, but it should be ${form}.`);
}
