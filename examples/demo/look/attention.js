// What the class token looks at, in a layer, by one attention head or all.
import { create, element, show } from '../dom.js';
import { link } from '../link.js';
import { t } from '../text.js';
import { drawMap } from './overlay.js';

const chosen = () => ({
  layer: Number(element('layer').value),
  head: element('head').value,
  rollout: element('rollout').checked,
});

export const attention = {
  live: true,

  start(refresh) {
    element('layer').addEventListener('input', () => {
      element('layer-number').textContent = element('layer').value;
      void refresh();
    });
    element('layers').addEventListener('change', keep);
    // What the link says holds for the first model.
    this.wanted = { layer: link.get('layer'), head: link.get('head'), rollout: link.get('rollout') };
  },

  reset({ layers, heads }) {
    const { layer = null, head = null, rollout = null } = this.wanted ?? {};
    this.wanted = undefined;
    element('layer').max = layers;
    element('layer').value = layer ?? layers;
    element('layer-number').textContent = element('layer').value;
    const each = Array.from({ length: heads }, (_, at) => create('option', { value: at }, `${at + 1}`));
    element('head').replaceChildren(create('option', { value: '' }, t('all')), ...each);
    if (head !== null && head < heads) element('head').value = head;
    element('rollout').checked = rollout === '1';
    keep();
  },

  open() {
    show('layers', true);
    element('head').disabled = element('rollout').checked;
  },

  close() {
    show('layers', false);
  },

  ask(model, source, options) {
    const { layer, head, rollout } = chosen();
    const which = { layer: layer - 1, rollout, ...(head !== '' && !rollout ? { head: Number(head) } : {}) };
    return model.attention(source, { ...options, ...which });
  },

  draw(map, size) {
    drawMap(map, size);
    const { layer, head, rollout } = chosen();
    if (rollout)
      return t('What reaches the answer through layers 1 to {layer}, multiplied (rollout).', { layer });
    return head === ''
      ? t('What layer {layer} of {layers} looks at, the mean of its attention heads.', {
          layer,
          layers: element('layer').max,
        })
      : t('What attention head {head} of layer {layer} looks at.', { head: Number(head) + 1, layer });
  },
};

function keep() {
  const { layer, head, rollout } = chosen();
  link.set({
    layer: layer === Number(element('layer').max) ? undefined : layer,
    head: head === '' ? undefined : head,
    rollout: rollout ? 1 : undefined,
  });
}
