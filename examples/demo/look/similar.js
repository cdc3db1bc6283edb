// Which patches look like the one under the pointer, or under the keyboard's cursor, by the model's own tokens.
import { patchSimilarity } from '../dist/features.js';
import { element, show } from '../dom.js';
import { pointIn, shownBox, shownSize } from '../inputs/stage.js';
import { link } from '../link.js';
import { t } from '../text.js';
import { drawMap } from './overlay.js';

/** The tokens of the picture, with where they lie. */
let found;
/** The patch: `{ x, y }`, counted in patches; the middle until one is chosen. */
let patch = fromLink();

function fromLink() {
  const [x, y] = (link.get('patch') ?? '').split(',').map(Number);
  return Number.isInteger(x) && Number.isInteger(y) ? { x, y } : undefined;
}

export const similar = {
  start() {
    const layer = element('patches');
    const follow = (event) => {
      if (!found) return;
      const { x, y } = pointIn(event);
      const { box, rows, columns } = found;
      go(Math.floor(((x - box.x) / box.width) * columns), Math.floor(((y - box.y) / box.height) * rows));
    };
    layer.addEventListener('pointermove', follow);
    layer.addEventListener('pointerdown', follow);
    layer.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!step || !found) return;
      event.preventDefault();
      go(patch.x + step[0], patch.y + step[1]);
    });
    new ResizeObserver(() => {
      if (found && !layer.hidden) place();
    }).observe(element('stage'));
  },

  reset() {
    found = undefined;
  },

  open() {
    show('patches', true);
  },

  close() {
    found = undefined;
    show('patches', false);
  },

  /** The tokens, and where they lie: attention maps say that. */
  async ask(model, source, options) {
    const [tokens, { box }] = await Promise.all([
      model.tokens(source, options),
      model.attention(source, options),
    ]);
    return { tokens, box, rows: tokens.rows, columns: tokens.columns };
  },

  draw(answer) {
    found = answer;
    patch ??= { x: found.columns >> 1, y: found.rows >> 1 };
    go(patch.x, patch.y);
    return t(
      'The brighter a patch, the more its token is like that of the marked one. Move the pointer, or use the arrow keys.',
    );
  },
};

function go(x, y) {
  const inside = (value, count) => Math.max(0, Math.min(count - 1, value));
  patch = { x: inside(x, found.columns), y: inside(y, found.rows) };
  link.set({ patch: `${patch.x},${patch.y}` });
  const map = patchSimilarity(found.tokens, { ...patch, width: 1, height: 1 });
  // Below no similarity at all there is nothing to see.
  const data = map.data.map((value) => Math.max(0, value) ** 2);
  drawMap({ ...map, data, box: found.box }, shownSize(), { smooth: false });
  place();
}

/** The frame around the chosen patch. */
function place() {
  const { x, y, scale } = shownBox();
  const { box, rows, columns } = found;
  const [width, height] = [(scale * box.width) / columns, (scale * box.height) / rows];
  const { style } = element('patch');
  style.left = `${x + scale * box.x + patch.x * width}px`;
  style.top = `${y + scale * box.y + patch.y * height}px`;
  style.width = `${width}px`;
  style.height = `${height}px`;
}
