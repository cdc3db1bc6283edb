// What cannot wait for the page's modules on a slow network. Deployed, this script is a part of the page.

/** Resolves once models may be loaded: at once, unless the page begins again with the threads that a service worker brings. */
globalThis.isolating = (async () => {
  try {
    // Once: where it does not help (some browsers never isolate), a second time would not either.
    if (crossOriginIsolated || localStorage['vit-wasm-no-worker'] || sessionStorage['vit-wasm-reloaded'])
      return;
    const worker = navigator.serviceWorker;
    const started = worker.register('service-worker.js').then(() => worker.ready);
    // After five seconds the page does without: the next visit has it.
    const late = new Promise((_, reject) => setTimeout(reject, 5000));
    await Promise.race([started, late]);
    sessionStorage['vit-wasm-reloaded'] = '1';
  } catch {
    // Private windows and some settings forbid service workers, or what remembers that the page has begun again.
    return;
  }
  location.reload();
  await new Promise(() => {});
})();

// Asks for the model that answers first, so that its files come beside the scripts that load it.
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
    // Whole: a body can break, too, or stop.
    return new Response(await response.blob());
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
