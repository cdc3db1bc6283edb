// This library, a level below its public API: the engine in the page's own thread, fed with pixel values as the peers
// are. Bundled with the sources of web/ by ../../ours.mjs.
import { openFile } from '../../../web/checkpoint/source.ts';
import { Engine } from '../../../web/engine.ts';
import { instantiate } from '../../../web/module.ts';
import { openSession } from '../../../web/session.ts';

/** An Engine of a variant, with the checkpoint of the folder `file`. */
export async function create({ variant, file, dtype }) {
  const [{ default: glue }, module] = await Promise.all([
    import(`/dist/vit.${variant}.js`),
    WebAssembly.compileStreaming(fetch(`/dist/vit.${variant}.wasm`)),
  ]);
  const making = instantiate(glue, module).then((bindings) => new Engine(bindings));
  const files = {
    title: file,
    weights: 'model.safetensors',
    folder: { kind: 'url', url: new URL(file, location.href).href },
  };
  const { engine } = await openSession(
    { files, variant, dtype, threads: { count: 1, reason: '', automatic: false } },
    making,
    {
      open: openFile,
    },
  );
  return {
    run(pixels) {
      engine.setPixelValues(pixels);
      engine.forward();
      return engine.logits();
    },
    preprocess(picture) {
      engine.preprocess(picture);
    },
  };
}
