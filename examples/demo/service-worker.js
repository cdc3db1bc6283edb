// Answers the page's own requests: from the network where there is one, so that a new version is seen at once, and else
// from what was kept. Every answer gets the headers by which a page may have threads.
// Models other than our own are kept only by the library.

const kept = 'vit-wasm-demo';

addEventListener('install', () => self.skipWaiting());
addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin) return;
  const weights = /\.(safetensors|npz|zip)$/.test(pathname) && !/\/(builtin|first-glance)\//.test(pathname);
  if (request.headers.has('range') || weights) return;
  event.respondWith(answer(event, request));
});

async function answer(event, request) {
  let response;
  try {
    response = await fetch(request);
    // The page need not wait until it is written.
    if (response.status === 200) event.waitUntil(keep(request, response.clone()));
  } catch (error) {
    response = await (await caches.open(kept)).match(request, { ignoreSearch: request.mode === 'navigate' });
    if (!response) throw error;
  }
  return isolated(response);
}

async function keep(request, response) {
  try {
    await (await caches.open(kept)).put(request, response);
  } catch {
    // There is no room: the page goes on without.
  }
}

/** Isolated, the page may share memory with its workers. */
function isolated(response) {
  if (response.type === 'opaque' || response.type === 'opaqueredirect' || response.redirected)
    return response;
  const headers = new Headers(response.headers);
  headers.set('Cross-Origin-Opener-Policy', 'same-origin');
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp');
  headers.set('Cross-Origin-Resource-Policy', 'same-origin');
  const { status, statusText } = response;
  const body = [101, 204, 205, 304].includes(status) ? null : response.body;
  return new Response(body, { status, statusText, headers });
}

/** After the first answer the page says so: now there is time for the parts that it has not opened yet. */
addEventListener('message', (event) => {
  if (event.data === 'keep') event.waitUntil(keepAll());
});

async function keepAll() {
  const list = await fetch('files.json').catch(() => undefined);
  if (!list?.ok) return;
  const cache = await caches.open(kept);
  for (const file of await list.json()) {
    const address = new URL(file, location.href).href;
    if (!(await cache.match(address))) await cache.add(address).catch(() => {});
  }
}
