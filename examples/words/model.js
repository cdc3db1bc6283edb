// The model of both pages: TinyCLIP, or whatever the address names, as in ?model=openai/clip-vit-base-patch32 or
// ?model=/models/my-clip/.
import { load } from 'vit-wasm';

const usual = 'wkcn/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M';
export const address = new URLSearchParams(location.search).get('model') ?? usual;

/** Loads it, telling how far it is; without its words, which are fetched when some are asked for. */
export function loadModel(say) {
  return load(address, {
    dtype: 'int8',
    onProgress({ overall: { loaded, total } }) {
      const part = Number.isFinite(total) ? ` ${Math.round((100 * loaded) / total)} %` : '';
      say(`Loading ${address}${part}`);
    },
  });
}

/** An element with properties and what is inside: text stays text, whoever wrote it. */
export function make(name, properties, ...inside) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...inside);
  return element;
}
