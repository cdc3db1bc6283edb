// Asks for the model that answers first before the page's other scripts have arrived: on a slow network, that is a second.

const folder = 'models/first-glance/';
const names = ['model.safetensors', 'config.json', 'preprocessor_config.json'];

/** Not if the link names a model or a tab's state, if the visitor saves data, or if the page is to begin again. */
const isWanted =
  crossOriginIsolated && !/\b(model|tab)=/.test(location.hash) && !navigator.connection?.saveData;

/** What was asked for, by its address. */
const early = new Map(
  isWanted ? names.map((name) => [new URL(folder + name, document.baseURI).href, fetch(folder + name)]) : [],
);
// `load` asks again for what has failed, and says why.
for (const file of early.values()) file.catch(() => undefined);

/** For `load`: a cache that has these files. */
export const askedEarly = {
  async match(address) {
    const response = await early.get(address);
    early.delete(address);
    return response?.ok ? response : undefined;
  },
  async put() {},
};
