// What the browser keeps of models that were downloaded, and deleting it.
import { clearCache, listCache } from './dist/index.js';
import { element, megabytes, show } from './dom.js';
import { session } from './session.js';
import { t } from './text.js';

export function startDownloads() {
  session.on('model', () => void tell());
  element('clear').addEventListener('click', async () => {
    await clearCache();
    await tell();
  });
}

async function tell() {
  const files = await listCache().catch(() => []);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  element('kept').textContent =
    bytes > 0
      ? t('{size} of downloads are kept: the next visit needs no network.', { size: megabytes(bytes) })
      : t('No downloads are kept.');
  show('clear', bytes > 0);
}
