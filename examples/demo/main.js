// The page: starts its parts. A picture and a model come in, answers come out; whichever comes last asks for them.
import { isSupported } from './dist/index.js';
import { startAnswers } from './answers.js';
import { startAsking } from './ask.js';
import { startDownloads } from './downloads.js';
import { element, showError } from './dom.js';
import { startCamera } from './inputs/camera.js';
import { startCrop } from './inputs/crop.js';
import { startDrawing } from './inputs/drawing.js';
import { startSamples } from './inputs/samples.js';
import { startSnapshot } from './inputs/snapshot.js';
import { startStage } from './inputs/stage.js';
import { startInputs } from './inputs/take.js';
import { startVisit } from './inputs/visit.js';
import { liveQuestion } from './live.js';
import { startSaving } from './look/save.js';
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
  startDrawing,
  startCrop,
  startSnapshot,
  startSaving,
  startModels,
  startDownloads,
  startTabs,
]) {
  start();
}
startCamera(liveQuestion);
element('snippet').addEventListener('toggle', async () => (await import('./snippet.js')).startSnippet(), {
  once: true,
});

if (isSupported()) {
  void startSamples();
  void loadFirst();
} else {
  showError(
    'model-error',
    t('This browser has no WebAssembly SIMD, which the models need; a newer one does.'),
  );
}
void startOffline();
