// The page: starts its parts. A picture and a model come in, answers come out; whichever comes last asks for them.
import { isSupported } from './dist/index.js';
import { startAnswers } from './answers.js';
import { startAsking } from './ask.js';
import { startDownloads } from './downloads.js';
import { element, laterStyle, showError } from './dom.js';
import { startSamples } from './inputs/samples.js';
import { startStage } from './inputs/stage.js';
import { startInputs } from './inputs/take.js';
import { startVisit } from './inputs/visit.js';
import { loadFirst, startModels } from './models.js';
import { startOffline } from './offline.js';
import { startTabs } from './tabs.js';
import { changeLanguage, language, t, translate } from './text.js';

translate(document);
element('language').textContent = language === 'zh' ? 'English' : '中文';
element('language').lang = language === 'zh' ? 'en' : 'zh';
element('language').addEventListener('click', changeLanguage);

for (const start of [
  startStage,
  startVisit,
  startAnswers,
  startAsking,
  startInputs,
  startModels,
  startDownloads,
  startTabs,
]) {
  start();
}
// What the first view does not use is fetched with the first use of it.
const tools = new AbortController();
for (const id of ['camera', 'draw', 'cropping', 'save']) {
  const first = async () => {
    await Promise.all([import('./inputs/tools.js'), laterStyle()]);
    if (tools.signal.aborted) return;
    tools.abort();
    element(id).click();
  };
  element(id).addEventListener('click', () => void first(), { signal: tools.signal });
}
const openSnippet = async () => {
  const [{ startSnippet }] = await Promise.all([import('./snippet.js'), laterStyle()]);
  startSnippet();
};
element('snippet').addEventListener('toggle', () => void openSnippet(), { once: true });

void startOffline();
if (isSupported()) {
  void startSamples();
  // On a slow network, a page that is about to begin again would throw away what it had of the model.
  void globalThis.isolating.then(loadFirst);
} else {
  showError(
    'model-error',
    t('This browser has no WebAssembly SIMD, which the models need; a newer one does.'),
  );
}
