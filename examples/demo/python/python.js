// The Same as Python tab: a fixed picture's pixels and logits, as Python computed them and as this browser does now.
import { button, create, element, showError } from '../dom.js';
import { pixelsOf } from '../look/seen.js';
import { named } from '../catalog.js';
import { loadEntry } from '../models.js';
import { session } from '../session.js';
import { sentenceOf, t } from '../text.js';

let reference;
/** Grows with every model: the answer of one that was replaced is dropped. */
let runs = 0;

export function start(panel) {
  const picture = create('img', {
    src: 'python/picture.png',
    width: 112,
    height: 112,
    alt: t('The fixed picture: a cat'),
  });
  panel.append(
    create(
      'div',
      { className: 'stack' },
      create(
        'p',
        {},
        t('One picture, once through Pillow, PyTorch and transformers, and now through this page.'),
      ),
      picture,
      create('p', { className: 'hint', id: 'python-state', role: 'status' }),
      create('p', { className: 'error', id: 'python-error', role: 'alert', hidden: true }),
      create('div', { className: 'chips', id: 'python-models' }),
      create('div', { className: 'scroll', id: 'python-results' }),
      create('p', { className: 'hint', id: 'python-note' }),
    ),
  );
  session.on('model', () => void compare());
  void compare();
}

/** The model in use among those that Python was asked about; both are told by their sources. */
function nameOf({ source, classes, modelType }) {
  if (source === 'builtin') return 'builtin';
  return /deit-tiny/.test(source) && classes === 1000 && modelType === 'vit' ? 'deit-tiny' : undefined;
}

async function compare() {
  const mine = ++runs;
  const { model } = session;
  if (!model) return;
  showError('python-error');
  element('python-results').replaceChildren();
  element('python-note').textContent = '';
  try {
    reference ??= await (await fetch('python/reference.json')).json();
    const name = nameOf(model.info);
    offer(name);
    if (!name) return state(t('Python was asked about these models:'));
    state(t('Computing …'));
    const picture = await (await fetch('python/picture.png')).blob();
    const pixels = await pixelsOf(model, picture, {});
    const hash = await sha256(rgbOf(pixels.data));
    const logits = await model.logits(picture);
    if (mine === runs) put(model, reference.models[name], hash, logits);
  } catch (error) {
    if (mine === runs) showError('python-error', sentenceOf(error));
  }
}

const state = (text) => {
  element('python-state').textContent = text;
};

function offer(name) {
  const others = Object.keys(reference.models).filter((id) => id !== name);
  element('python-models').replaceChildren(
    ...others.map((id) => {
      const entry = named(id);
      return button(`${t(entry.name)}, ${entry.megabytes} MB`, () => void loadEntry(entry));
    }),
  );
}

const rgbOf = (rgba) => rgba.filter((_, at) => at % 4 < 3);

async function sha256(bytes) {
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function put({ info }, python, hash, logits) {
  const same = hash === python.sha256;
  const difference = logits.reduce(
    (most, value, at) => Math.max(most, Math.abs(value - python.logits[at])),
    0,
  );
  state(
    same
      ? t('Every pixel that the model gets is Python’s. The logits differ by {difference} at most.', {
          difference: difference.toPrecision(2),
        })
      : t('The pixels differ from Python’s: this browser decodes the picture in another way.'),
  );
  const order = [...python.logits.keys()].sort((a, b) => python.logits[b] - python.logits[a]).slice(0, 8);
  const row = (head, a, b, className = 'number') =>
    create(
      'tr',
      {},
      create('th', { scope: 'row' }, head),
      create('td', { className }, a),
      create('td', { className }, b),
    );
  const { torch, transformers, PIL } = reference.versions;
  const heads = [t('Logits'), t('Python'), t('This browser, now')];
  element('python-results').replaceChildren(
    create('p', {}, t('SHA-256 of the pixels')),
    create(
      'p',
      { className: 'hash' },
      hash,
      ' ',
      create('span', { className: 'same' }, same ? `= ${t('Python')}` : '≠'),
    ),
    create(
      'table',
      {},
      create('thead', {}, create('tr', {}, ...heads.map((text) => create('th', { scope: 'col' }, text)))),
      create(
        'tbody',
        {},
        ...order.map((at) => row(info.labels[at], python.logits[at].toFixed(4), logits[at].toFixed(4))),
      ),
    ),
  );
  const versions = t('Pillow {PIL}, PyTorch {torch}, transformers {transformers}, in single precision.', {
    PIL,
    torch,
    transformers,
  });
  const rounding =
    info.dtype === 'int8' ? t('Here in int8, which rounds what goes from layer to layer.') : '';
  element('python-note').textContent = `${versions} ${rounding}`;
}
