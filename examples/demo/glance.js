// Asks for the model that answers first before anything else has arrived, so that its files come beside the scripts that
// load it. Deployed, this script is a part of the page.
{
  const folder = new URL('models/first-glance/', document.baseURI).href;
  /** Not if the link names a model or a tab's state, if the visitor saves data, or if the page is to begin again. */
  const isWanted =
    crossOriginIsolated && !/\b(model|tab)=/.test(location.hash) && !navigator.connection?.saveData;
  const files = isWanted ? ['config.json', 'preprocessor_config.json', 'model.safetensors'] : [];
  const early = new AbortController();
  const stop = () => early.abort();
  // Before `load` has waited long enough to ask for itself: both would share the line.
  const timer = setTimeout(stop, 25_000);

  const ask = async (file) => {
    const response = await fetch(folder + file, { signal: early.signal });
    if (!response.ok) throw new Error(response.status);
    return response;
  };
  /** All of them or none: beside weights from a cache, a file that fails counts as absent. */
  const responses = Promise.all(files.map(ask))
    .catch(() => {
      stop();
      return [];
    })
    .finally(() => clearTimeout(timer));

  /** For `load`: a cache that has each file once. */
  globalThis.askedEarly = {
    async match(key) {
      const response = (await responses)[files.findIndex((file) => folder + file === key)];
      return response?.bodyUsed ? undefined : response;
    },
    async put() {},
    stop,
  };
}
