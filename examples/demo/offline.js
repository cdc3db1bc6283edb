// The service worker, which lets the page work without a network, and with threads where the host does not send the
// headers they need. Visitors can switch it off.
import { element, show } from './dom.js';
import { session } from './session.js';
import { t } from './text.js';

/** What is remembered: that the visitor wants none, and, as early.js has it, that this tab has begun again with it. */
const off = 'vit-wasm-no-worker';
const reloaded = 'vit-wasm-reloaded';

export async function startOffline() {
  if (!('serviceWorker' in navigator) || !isSecureContext) return;
  element('offline-switch').addEventListener('click', () => void toggle());
  show('offline', true);
  tell();
  if (!isOff()) await register();
}

async function register() {
  try {
    const registration = await navigator.serviceWorker.register('service-worker.js');
    await navigator.serviceWorker.ready;
    // The first answer goes before everything that is only for later.
    let isKept = false;
    const keep = () => {
      if (isKept || !session.answers || session.isGlance) return;
      isKept = true;
      registration.active?.postMessage('keep');
    };
    session.on('answers', keep);
    keep();
  } catch {
    // Private windows and some settings forbid it: the page works as it is.
    show('offline', false);
  }
}

/** Where storage is forbidden there is no service worker either. */
function isOff() {
  try {
    return localStorage.getItem(off) !== null;
  } catch {
    return true;
  }
}

function tell() {
  const isOn = !isOff();
  const sentences = isOn
    ? [t('A service worker keeps this page for offline use.')]
    : [t('The service worker is switched off: the page needs a network, and on some hosts has one thread.')];
  if (isOn && sessionStorage.getItem(reloaded)) {
    sentences.push(
      t('It reloaded the page once, to add the headers that threads need and this host does not send.'),
    );
  }
  element('offline-text').textContent = sentences.join(' ');
  element('offline-switch').textContent = isOn ? t('Switch it off') : t('Switch it on');
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
