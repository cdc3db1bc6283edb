// Photographs in the order in which they fit the words: every picture is embedded once, every search is a text.
import { loadModel, make } from './model.js';

const find = (selector) => document.querySelector(selector);
const [files, words, main, errors] = ['#files', '#words', 'main', '[role=alert]'].map(find);
const say = (text) => (find('[role=status]').textContent = text);

/** Each { figure, vector }, in the order in which they came. */
const photographs = [];
let loading;
let timer;
/** Grows with every search: only the newest is shown. */
let searches = 0;

files.onchange = () => {
  void add([...files.files]);
  files.value = '';
};
main.ondragover = (event) => event.preventDefault();
main.ondrop = (event) => {
  event.preventDefault();
  void add([...event.dataTransfer.files]);
};
words.oninput = () => {
  clearTimeout(timer);
  timer = setTimeout(() => void search(), 400);
};

function model() {
  loading ??= loadModel(say);
  // The next try downloads what is still missing.
  loading.catch(() => (loading = undefined));
  return loading;
}

/** Embeds one after another; what is no picture is named, and the others go on. */
async function add(chosen) {
  errors.replaceChildren();
  for (const [at, file] of chosen.entries()) {
    try {
      const clip = await model();
      say(`Looking at ${file.name} (${at + 1} of ${chosen.length})`);
      const vector = await clip.embed(file, { normalize: true });
      const image = make('img', { src: URL.createObjectURL(file), alt: '' });
      const figure = make('figure', {}, image, make('figcaption', {}, file.name));
      photographs.push({ figure, vector });
      main.append(figure);
    } catch (error) {
      errors.append(make('li', {}, `${file.name}: ${error.message}`));
    }
  }
  say(`${photographs.length} photographs`);
  await search();
}

async function search() {
  const mine = ++searches;
  const text = words.value.trim();
  if (photographs.length === 0 || text === '') return;
  try {
    say('Searching');
    const query = await (await model()).embedText(text, { normalize: true });
    if (mine !== searches) return;
    const cosine = ({ vector }) => vector.reduce((sum, value, i) => sum + value * query[i], 0);
    const ranked = photographs.map((one) => ({ ...one, cosine: cosine(one) }));
    ranked.sort((a, b) => b.cosine - a.cosine);
    for (const { figure, cosine } of ranked) figure.title = `cosine ${cosine.toFixed(3)}`;
    main.replaceChildren(...ranked.map(({ figure }) => figure));
    say(`${photographs.length} photographs, the best first`);
  } catch (error) {
    if (mine === searches) errors.replaceChildren(make('li', {}, error.message));
    say('');
  }
}
