// The pictures of this visit on a plane: what the model takes for alike lies close together.
import { principalComponents } from '../dist/features.js';
import { create, element } from '../dom.js';
import { visited } from '../inputs/visit.js';
import { use } from '../inputs/take.js';
import { t } from '../text.js';

/** The embedding of a picture by a model. */
let embeddings = new WeakMap();

export const map = {
  reset() {
    embeddings = new WeakMap();
  },

  async ask(model) {
    const vectors = [];
    for (const { picture } of visited) {
      // Drawings change.
      if (!embeddings.has(picture))
        embeddings.set(picture, await model.embed(picture.source, { normalize: true }));
      vectors.push(embeddings.get(picture));
    }
    return { pictures: [...visited], vectors };
  },

  draw({ pictures, vectors }) {
    if (vectors.length < 3) {
      element('figure').replaceChildren();
      return t('Look at three pictures or more: each becomes a point, and similar ones lie close together.');
    }
    const places = spread(vectors);
    const points = pictures.map(({ picture, thumbnail }, at) => {
      const made = create(
        'button',
        { type: 'button', title: picture.name, aria: { label: t('Back to {name}', { name: picture.name }) } },
        copyOf(thumbnail),
      );
      made.style.setProperty('--x', places[at].x);
      made.style.setProperty('--y', places[at].y);
      made.addEventListener('click', () => use(picture));
      return made;
    });
    element('figure').replaceChildren(create('div', { className: 'plane' }, ...points));
    return t('{count} pictures by the two directions in which their embeddings differ most.', {
      count: vectors.length,
    });
  },
};

function copyOf(thumbnail) {
  const { width, height } = thumbnail;
  const copy = create('canvas', { width, height });
  copy.getContext('2d').drawImage(thumbnail, 0, 0);
  return copy;
}

/** Coordinates between 0 and 1 of embeddings: a picture is a row of what the principal components are made of. */
function spread(vectors) {
  const hidden = vectors[0].length;
  const data = new Float32Array(vectors.length * hidden);
  vectors.forEach((vector, at) => data.set(vector, at * hidden));
  const grid = { data, tokens: vectors.length, hidden, rows: 1, columns: vectors.length, prefix: 0 };
  const components = principalComponents(grid, { count: 2 });
  const along = (axis) => {
    const values = vectors.map((_, at) => components.data[2 * at + axis]);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return values.map((value) => (value - least) / (most - least || 1));
  };
  const [xs, ys] = [along(0), along(1)];
  return xs.map((x, at) => ({ x, y: ys[at] }));
}
