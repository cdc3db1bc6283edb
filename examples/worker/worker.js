// The worker: whatever else it does, it asks a model, too. The model runs right here, because this is no page that
// has to stay responsive.
import { load } from 'vit-wasm';

const loading = load(undefined, { worker: false });

self.addEventListener('message', async ({ data: picture }) => {
  try {
    const model = await loading;
    self.postMessage({ predictions: await model.classify(picture, { topK: 5 }) });
  } catch (error) {
    self.postMessage({ error: error.message });
  } finally {
    picture.close();
  }
});
