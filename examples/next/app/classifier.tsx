'use client';

// Next renders client components on the server, too, and there imports vit-wasm as Node does. Importing does nothing
// until `load` is called, and that happens in the browser only, in an effect or a handler.
import { useRef, useState, type ChangeEvent } from 'react';
import { load, type Model, type Prediction } from 'vit-wasm';

export function Classifier() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const loading = useRef<Promise<Model>>(null);
  const [predictions, setPredictions] = useState<Prediction[]>([]);
  const [error, setError] = useState<string>();

  async function choose({ target }: ChangeEvent<HTMLInputElement>) {
    const file = target.files?.[0];
    if (!file || !canvas.current) return;
    try {
      const picture = await createImageBitmap(file);
      canvas.current.width = picture.width;
      canvas.current.height = picture.height;
      canvas.current.getContext('2d')?.drawImage(picture, 0, 0);
      loading.current ??= load();
      const model = await loading.current;
      setPredictions(await model.classify(canvas.current, { topK: 5 }));
      setError(undefined);
    } catch (error) {
      setPredictions([]);
      setError(error instanceof Error ? error.message : String(error));
    }
  }

  return (
    <>
      <input type="file" accept="image/*" aria-label="Picture" onChange={choose} />
      {error && <p role="alert">{error}</p>}
      <ol>
        {predictions.map(({ label, probability }) => (
          <li key={label}>
            {label} <meter value={probability} />
          </li>
        ))}
      </ol>
      <canvas ref={canvas} />
    </>
  );
}
