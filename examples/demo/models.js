// The model card: which models there are, loading one, and what the one in use is.
import { load } from './dist/index.js';
import { catalog, glance, named } from './catalog.js';
import { create, element, megabytes, show, showError } from './dom.js';
import { link } from './link.js';
import { session } from './session.js';
import { sentenceOf, t } from './text.js';

let loading;
/** When the first of its bytes came, by the page's clock, and how many: what they bring since tells how long it takes. */
let first;
/** The model in use. */
let last;
/** What is being loaded, or else what is in use. */
let wanted;

export function startModels() {
  element('models').append(...catalog.map(card));
  element('model-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const address = element('address').value.trim();
    if (address) void loadModel(address, address);
    else element('address').focus();
  });
  for (const id of ['folder', 'archive']) {
    element(id).addEventListener('change', ({ target }) => {
      const files = [...target.files];
      // Chosen again, the same files are to count as a change.
      target.value = '';
      void loadFiles(files);
    });
  }
  element('cancel').addEventListener('click', () => loading?.abort());

  const most = Math.min(8, navigator.hardwareConcurrency || 1);
  const counts = Array.from({ length: most }, (_, at) => create('option', { value: at + 1 }, `${at + 1}`));
  element('threads').append(create('option', { value: 'auto' }, t('automatic')), ...counts);
  element('dtype').value = link.get('dtype') === 'fp32' ? 'fp32' : 'int8';
  element('dtype').addEventListener('change', ({ target }) => {
    link.set({ dtype: target.value === 'int8' ? undefined : target.value });
    reload();
  });
  element('threads').addEventListener('change', reload);
}

function card(entry) {
  const { id, name, knows, accuracy, measured, license, megabytes: size, location } = entry;
  const facts = [...(accuracy ? [`${accuracy} ${t(measured)}`] : []), license].join(' · ');
  const made = create(
    'button',
    { type: 'button', className: 'model-card', data: { id }, aria: { pressed: 'false' } },
    create('b', {}, t(name)),
    create('span', { className: 'size' }, `${size} MB`),
    create('span', { className: 'knows' }, t(knows)),
    create('span', { className: 'facts' }, facts),
  );
  made.title = location;
  made.addEventListener('click', () => void loadEntry(entry));
  return made;
}

/** The model that the link names, or the built-in one. */
export function loadFirst() {
  const asked = link.get('model');
  const entry = named(asked ?? 'builtin');
  if (entry) return entry.id === 'builtin' ? loadBuiltin(entry) : loadEntry(entry);
  element('address').value = asked;
  return loadModel(asked, asked);
}

/**
 * The built-in model, after one of a thirteenth of its size: a slow network has an answer in seconds, too. The state of a
 * tab that a link restores is that of the model in the link.
 */
async function loadBuiltin(entry) {
  if (saving()) return offer();
  const goesOn = link.get('tab') !== null || (await loadModel(t(glance.name), glance.location, glance));
  if (goesOn) await loadEntry(entry);
}

/** Visitors who ask to save data decide for themselves what is downloaded. */
function saving() {
  return navigator.connection?.saveData === true;
}

/** What the page says while it has no model. */
function offer() {
  const { name, megabytes: size } = glance;
  element('loading-text').textContent = t('Choose a model below: the smallest, {name}, is {size} MB.', {
    name: t(name),
    size,
  });
  for (const id of ['progress', 'cancel', 'loading-detail']) show(id, false);
  show('loading', true);
}

export function loadEntry(entry) {
  return loadModel(t(entry.name), entry.location, entry);
}

/** A checkpoint's files, as chosen or dropped. */
export function loadFiles(files) {
  const name = files[0]?.webkitRelativePath.split('/')[0] || files[0]?.name;
  return loadModel(name, files);
}

/** How the model in use was loaded: `{ name, location, entry }`. */
export const lastLoaded = () => last;

/** Not of a first glance that is still being loaded: the model after it is loaded as the switches are then. */
function reload() {
  if (wanted && wanted.entry !== glance) void loadModel(wanted.name, wanted.location, wanted.entry);
}

/** What `load` is called with beside the location; `dtype` of files that are int8 already cannot be chosen. */
export function optionsOf(entry, dtype = element('dtype').value) {
  const threads = element('threads').value;
  return {
    ...(entry?.id === 'builtin' || entry?.stored ? {} : { dtype }),
    threads: threads === 'auto' ? 'auto' : Number(threads),
    // Words are typed letter by letter.
    keepTextEncoder: true,
  };
}

/**
 * A new model takes the old one's place only once it is loaded; a failure leaves the old one. Resolves to whether nobody
 * stopped it.
 */
async function loadModel(name, location, entry) {
  loading?.abort();
  const mine = (loading = new AbortController());
  const { signal } = mine;
  const isGlance = entry === glance;
  wanted = { name, location, entry };
  showLoading(name, entry);
  if (isGlance) signal.addEventListener('abort', globalThis.askedEarly.stop);
  try {
    const model = await loadAnyDtype(location, {
      ...optionsOf(entry),
      cache: isGlance ? globalThis.askedEarly : true,
      signal,
      onProgress: showProgress,
    });
    session.model?.dispose();
    wanted = last = { name, location, entry: isGlance ? named(entry.id) : entry };
    const isInLink = typeof location === 'string' && entry?.id !== 'builtin' && !isGlance;
    link.set({ model: isInLink ? (entry?.id ?? location) : undefined });
    showInfo(name, model.info, entry);
    session.tell('model', {
      model,
      modelName: name,
      isGlance: isGlance && !signal.aborted,
      answers: undefined,
    });
  } catch (error) {
    // Overtaken by another load, or cancelled by hand: nothing went wrong.
    if (!signal.aborted) showError('model-error', sentenceOf(error));
    if (mine === loading) stay();
  } finally {
    if (mine === loading && session.model) show('loading', false);
    else if (mine === loading) offer();
  }
  return !signal.aborted;
}

/** No other model comes: the one in use is no first glance any more, but what the visitor has. */
function stay() {
  wanted = last;
  if (!session.isGlance) return;
  session.isGlance = false;
  // What was kept back of them.
  if (session.answers) session.tell('answers');
}

/** Files that hold int8 weights cannot become fp32: what they are is taken then. */
export async function loadAnyDtype(location, options) {
  try {
    return await load(location, options);
  } catch (error) {
    if (!/holds int8 weights/.test(error.message)) throw error;
    return await load(location, { ...options, dtype: undefined });
  }
}

function showLoading(name, entry) {
  showError('model-error');
  for (const id of ['loading', 'progress', 'cancel', 'loading-detail']) show(id, true);
  element('progress').removeAttribute('value');
  const text = entry
    ? t('Loading {name}, {size} MB', { name, size: entry.megabytes })
    : t('Loading {name}', { name });
  const aside = session.isGlance ? [create('span', {}, `${t('This was a first glance.')} `)] : [];
  element('loading-text').replaceChildren(...aside, text);
  element('loading-detail').textContent = '';
  first = undefined;
  // Chosen far below, on a small screen.
  if (session.model && !session.isGlance) element('loading').scrollIntoView({ block: 'nearest' });
}

/** Milliseconds from which on a load is slow enough for its visitor to ask how long it will take. */
const patience = 1000;

function showProgress({ phase, overall: { loaded, total } }) {
  if (phase !== 'weights' || !Number.isFinite(total)) return;
  element('progress').max = total;
  element('progress').value = loaded;
  first ??= { time: performance.now(), loaded };
  const elapsed = performance.now() - first.time;
  const seconds = Math.ceil((elapsed * (total - loaded)) / (loaded - first.loaded) / 1000);
  const values = { loaded: megabytes(loaded), total: megabytes(total), seconds };
  element('loading-detail').textContent =
    elapsed > patience && seconds > 1 && seconds < Infinity
      ? t('{loaded} of {total}, about {seconds} s left', values)
      : t('{loaded} of {total}', values);
}

const builds = {
  relaxed: 'relaxed SIMD',
  simd: 'SIMD',
  'relaxed-threads': 'relaxed SIMD, threads',
  'simd-threads': 'SIMD, threads',
};

function showInfo(name, info, entry) {
  element('in-use').textContent = name;
  for (const made of element('models').children) {
    made.setAttribute('aria-pressed', made.dataset.id === entry?.id);
  }
  const rows = {
    Weights: `${info.dtype}, ${megabytes(info.weightBytes)}`,
    Memory: megabytes(info.memoryBytes),
    Build: t(builds[info.variant]),
    Threads: info.threads,
    Kernels: info.kernels,
    Classes: info.classes || '–',
    Input: `${info.imageSize.width} × ${info.imageSize.height}`,
    Patches: `${info.patchSize.width} × ${info.patchSize.height}`,
    Blocks: `${info.layers} × ${info.hidden}`,
    'Attention heads': info.heads,
  };
  element('info').replaceChildren(
    ...Object.entries(rows).map(([term, value]) =>
      create('div', {}, create('dt', {}, t(term)), create('dd', {}, `${value}`)),
    ),
  );
  element('reasons').textContent = t('Threads: {threads}. Kernels: {kernels}.', {
    threads: reason(info.threadsReason),
    kernels: reason(info.kernelsReason),
  });
}

/** The library's reason in the visitor's language; its number is no part of the sentence. */
const reason = (text) => t(text.replace(/\d+/, '{count}'), { count: /\d+/.exec(text) });
