// Asks for the weights of the model that answers first before anything else has arrived: on a slow network, that is a
// second. Deployed, this script is a part of the page.
{
  const address = new URL('models/first-glance/model.safetensors', document.baseURI).href;
  /** Not if the link names a model or a tab's state, if the visitor saves data, or if the page is to begin again. */
  const isWanted =
    crossOriginIsolated && !/\b(model|tab)=/.test(location.hash) && !navigator.connection?.saveData;
  const early = isWanted && fetch(address).catch(() => undefined);

  /** For `load`: a cache that has the weights, once. What has failed is asked for again, and then with a reason. */
  globalThis.askedEarly = {
    async match(key) {
      const response = key === address && (await early);
      return response?.ok && !response.bodyUsed ? response : undefined;
    },
    async put() {},
  };
}
