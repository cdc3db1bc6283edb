// "Look inside": what is drawn over the picture, and from which layer.
import { clearOverlay, drawOverlay } from './overlay.js';

const element = (id) => document.getElementById(id);

/** The map that the visitor has asked for: nothing, attention, or why the model named a class. */
export class Look {
  #changed;
  /** The class to explain: `{ label, index }`, the best one until the visitor picks another. */
  #named;
  /** Whether the visitor picked it. */
  #picked = false;
  /** Grows with every map: what a newer one has overtaken is dropped. */
  #maps = 0;

  /** `changed` is called whenever another map is wanted of the same picture. */
  constructor(changed) {
    this.#changed = changed;
    element('look').addEventListener('change', () => this.#show());
    element('layer').addEventListener('input', () => this.#show());
    element('answers').addEventListener('click', ({ target }) => {
      const { index } = target.closest('button')?.dataset ?? {};
      if (index === undefined) return;
      this.#named = { label: target.closest('button').textContent, index: Number(index) };
      this.#picked = true;
      element('look').elements.look.value = 'why';
      this.#show();
    });
  }

  /** What is asked for. */
  get mode() {
    return element('look').elements.look.value;
  }

  /** Another model has other layers, and may have no classes. */
  setModel({ layers }) {
    element('layer').max = layers;
    element('layer').value = layers;
    this.#named = undefined;
    this.#picked = false;
    this.#tell();
  }

  /** The answers to the picture: the best is explained, unless the visitor has picked another that is still among them. */
  setAnswers(predictions) {
    const still = this.#picked && predictions.find(({ index }) => index === this.#named?.index);
    if (!still) this.#picked = false;
    this.#named = still || predictions[0];
    this.#tell();
  }

  /** The map of a picture, or undefined where none is asked for. */
  async mapOf(model, source, options = {}) {
    if (this.mode === 'attention') {
      const layer = Number(element('layer').value) - 1;
      return await model.attention(source, { layer, rollout: element('rollout').checked, ...options });
    }
    if (this.mode === 'why' && this.#named) return await model.explain(source, this.#named.index, options);
    return undefined;
  }

  /** Draws the map of a picture that is on the page. */
  async draw(model, source) {
    const mine = ++this.#maps;
    element('look-error').hidden = true;
    try {
      const map = await this.mapOf(model, source);
      if (mine === this.#maps) this.put(map, source);
    } catch (error) {
      if (mine !== this.#maps) return;
      clearOverlay(element('overlay'));
      element('look-error').textContent = error.message;
      element('look-error').hidden = false;
    }
  }

  put(map, size) {
    if (map) drawOverlay(element('overlay'), map, size);
    else this.clear();
  }

  clear() {
    this.#maps++;
    clearOverlay(element('overlay'));
  }

  #show() {
    this.#tell();
    this.#changed();
  }

  #tell() {
    const layer = Number(element('layer').value);
    element('layers').hidden = this.mode !== 'attention';
    element('layer-number').textContent = layer;
    const name = this.#named?.label ?? 'nothing yet';
    element('look-text').textContent = {
      none: '',
      attention: `What layer ${layer} of ${element('layer').max} looks at.`,
      why: `Orange patches speak for “${name}”, blue ones against it. Choose another answer to see its own.`,
    }[this.mode];
  }
}
