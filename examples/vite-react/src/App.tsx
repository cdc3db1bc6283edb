import { useRef, useState, type ChangeEvent } from 'react';
import type { Prediction } from 'vit-wasm';
import { useVit } from './useVit';

export function App() {
  const { model, progress, error } = useVit();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [predictions, setPredictions] = useState<Prediction[]>([]);

  async function choose({ target }: ChangeEvent<HTMLInputElement>) {
    const file = target.files?.[0];
    if (!file || !model || !canvas.current) return;
    const picture = await createImageBitmap(file);
    canvas.current.width = picture.width;
    canvas.current.height = picture.height;
    canvas.current.getContext('2d')?.drawImage(picture, 0, 0);
    setPredictions(await model.classify(canvas.current, { topK: 5 }));
  }

  if (error) return <p role="alert">{error.message}</p>;
  return (
    <main>
      <h1>What is in the picture?</h1>
      {model ? (
        <input type="file" accept="image/*" aria-label="Picture" onChange={choose} />
      ) : (
        <progress value={progress} />
      )}
      <ol>
        {predictions.map(({ label, probability }) => (
          <li key={label}>
            {label} <meter value={probability} />
          </li>
        ))}
      </ol>
      <canvas ref={canvas} />
    </main>
  );
}
