import { useRef, type ChangeEvent } from 'react';
import { useVit } from 'vit-wasm/react';

export function App() {
  const { model, progress, error, predictions, classify } = useVit();
  const canvas = useRef<HTMLCanvasElement>(null);

  async function choose({ target }: ChangeEvent<HTMLInputElement>) {
    const file = target.files?.[0];
    if (!file || !canvas.current) return;
    // `classify` takes the file itself, too; the canvas shows what it is about.
    const picture = await createImageBitmap(file).catch(() => undefined);
    if (picture) {
      canvas.current.width = picture.width;
      canvas.current.height = picture.height;
      canvas.current.getContext('2d')?.drawImage(picture, 0, 0);
    }
    await classify(picture ? canvas.current : file);
  }

  return (
    <main>
      <h1>What is in the picture?</h1>
      {error && <p role="alert">{error.message}</p>}
      {model ? (
        <input type="file" accept="image/*" aria-label="Picture" onChange={choose} />
      ) : (
        !error && <progress value={progress} />
      )}
      <ol>
        {predictions?.map(({ label, probability }) => (
          <li key={label}>
            {label} <meter value={probability} />
          </li>
        ))}
      </ol>
      <canvas ref={canvas} />
    </main>
  );
}
