// The model card: where the model comes from, how far its loading is, what it is.
import { load } from './dist/index.js';

const element = (id) => document.getElementById(id);
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** Holds at most one model. A new one takes its place only once it is loaded; a failure leaves the old one. */
export class ModelPicker {
  /** The model in use; undefined until the first is loaded. */
  model;
  #changed;
  #loading;

  /** `changed` is called whenever another model is in use. */
  constructor(changed) {
    this.#changed = changed;
    const form = element('model-form');
    form.addEventListener('change', ({ target }) => {
      if (target.name === 'from') this.#choose(target.value);
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const address = element('address');
      const location = address.value.trim() || address.placeholder;
      void this.#load(location, () => load(location, this.#options()));
    });
    element('folder').addEventListener('change', ({ target }) => {
      const files = [...target.files];
      // Chosen again, the same folder is to count as a change.
      target.value = '';
      void this.loadFiles(files);
    });
    element('cancel').addEventListener('click', () => this.#loading?.abort());
  }

  loadBuiltin() {
    return this.#load('The built-in model', () => load(undefined, this.#options()));
  }

  /** A checkpoint's files, as chosen or dropped. */
  loadFiles(files) {
    element('model-form').elements.from.value = 'folder';
    this.#show('folder');
    return this.#load(files[0]?.webkitRelativePath.split('/')[0] || 'The folder', () =>
      load(files, this.#options()),
    );
  }

  #choose(from) {
    this.#show(from);
    if (from === 'builtin') void this.loadBuiltin();
    if (from === 'address') element('address').focus();
  }

  #show(from) {
    for (const other of ['builtin', 'address', 'folder']) element(`from-${other}`).hidden = other !== from;
  }

  #options() {
    return { signal: this.#loading.signal, onProgress: showProgress };
  }

  async #load(name, start) {
    this.#loading?.abort();
    const loading = (this.#loading = new AbortController());
    showLoading(name);
    try {
      const model = await start();
      this.model?.dispose();
      this.model = model;
      showInfo(name, model.info);
      this.#changed();
    } catch (error) {
      // Overtaken by another load, or cancelled by hand: nothing went wrong.
      if (!loading.signal.aborted) showError(error.message);
    } finally {
      if (loading === this.#loading) element('loading').hidden = true;
    }
  }
}

function showLoading(name) {
  element('model-error').hidden = true;
  element('loading').hidden = false;
  element('progress').removeAttribute('value');
  element('loading-text').textContent = `Loading: ${name}`;
}

function showProgress({ file, loaded, total, phase }) {
  if (phase !== 'weights') return;
  element('progress').max = total;
  element('progress').value = loaded;
  element('loading-text').textContent = `${file}: ${megabytes(loaded)} of ${megabytes(total)}`;
}

function showError(message) {
  element('model-error').textContent = message;
  element('model-error').hidden = false;
}

const builds = {
  relaxed: 'relaxed SIMD',
  simd: 'SIMD',
  'relaxed-threads': 'relaxed SIMD, threads',
  'simd-threads': 'SIMD, threads',
};

function showInfo(name, info) {
  element('in-use').textContent = name;
  const rows = {
    Build: builds[info.variant],
    Threads: info.threads,
    Weights: info.dtype,
    Memory: megabytes(info.memoryBytes),
    Input: `${info.imageSize.width} × ${info.imageSize.height} pixels`,
    Patches: `${info.patchSize.width} × ${info.patchSize.height} pixels`,
    'Encoder blocks': `${info.layers} of width ${info.hidden}`,
    'Attention heads': info.heads,
  };
  element('info').replaceChildren(...Object.entries(rows).map(([term, value]) => pair(term, value)));
  const classes = element('classes');
  classes.hidden = false;
  classes.open = info.classes <= 20;
  classes.querySelector('summary').textContent = `It knows ${info.classes} classes`;
  classes.querySelector('p').textContent = info.labels.join(' · ');
}

function pair(term, value) {
  const row = document.createElement('div');
  row.append(
    ...[
      ['dt', term],
      ['dd', value],
    ].map(([tag, text]) => Object.assign(document.createElement(tag), { textContent: text })),
  );
  return row;
}
