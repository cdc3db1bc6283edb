// esbuild copies a file that is imported, with a loader that says so, but not those that `new URL` names.
import { load } from 'vit-wasm';
import wasm from 'vit-wasm/vit.simd.wasm';
import { showAnswers } from './show-answers.js';

async function loadFromFiles(place, options) {
  const model = place ?? (await import('vit-wasm/builtin')).builtin;
  // The worker is an entry of its own; see the build script.
  const worker = { url: './worker.simd.js' };
  return load(model, { ...options, wasm: { variant: 'simd', url: wasm }, worker });
}

showAnswers(loadFromFiles);
