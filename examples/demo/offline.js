// The service worker, which lets the page work without a network, and with threads where the host does not send the
// headers they need. Visitors can switch it off.
import { element, show } from './dom.js';
import { session } from './session.js';
import { t } from './text.js';

const off = 'vit-wasm-no-worker';
const reloaded = 'vit-wasm-reloaded';

export async function startOffline() {
  if (!('serviceWorker' in navigator) || !isSecureContext) return;
  element('offline-switch').addEventListener('click', () => void toggle());
  show('offline', true);
  tell();
  if (isOff()) return;
  try {
    const registration = await navigator.serviceWorker.register('service-worker.js');
    await navigator.serviceWorker.ready;
    // Once: where it does not help (some browsers never isolate), a second time would not either.
    if (!crossOriginIsolated && !sessionStorage.getItem(reloaded)) {
      sessionStorage.setItem(reloaded, '1');
      location.reload();
      return;
    }
    // The first answer goes before everything that is only for later.
    const keep = () => registration.active?.postMessage('keep');
    if (session.answers) keep();
    else session.addEventListener('answers', keep, { once: true });
  } catch {
    // Private windows and some settings forbid it: the page works as it is.
    show('offline', false);
  }
}

function isOff() {
  try {
    return localStorage.getItem(off) !== null;
  } catch {
    return true;
  }
}

function tell() {
  const threads = sessionStorage.getItem(reloaded)
    ? t('It reloaded the page once, to add the headers that threads need and this host does not send.')
    : '';
  element('offline-text').textContent = isOff()
    ? t('The service worker is switched off: the page needs a network, and on some hosts has one thread.')
    : `${t('A service worker keeps this page for offline use.')} ${threads}`;
  element('offline-switch').textContent = isOff() ? t('Switch it on') : t('Switch it off');
}

async function toggle() {
  sessionStorage.removeItem(reloaded);
  if (isOff()) {
    localStorage.removeItem(off);
  } else {
    localStorage.setItem(off, '1');
    const registration = await navigator.serviceWorker.getRegistration();
    await registration?.unregister();
    await caches.delete('vit-wasm-demo');
  }
  location.reload();
}
