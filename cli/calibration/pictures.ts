// The pictures that a model is calibrated on.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { VitError } from '../../web/errors.js';

/** More would hardly change anything, and each takes its time. */
const most = 100;

/** The paths of a folder's PNG, JPEG and WebP files, those in its folders included; evenly spread if there are too many. */
export async function calibrationPictures(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new VitError('invalid-argument', `${folder} is no folder of pictures (${cause.message}).`, {
      cause,
    });
  });
  const pictures = entries.filter((name) => /\.(png|jpe?g|webp)$/i.test(name)).sort();
  if (pictures.length === 0) {
    throw new VitError(
      'invalid-argument',
      `${folder} has no PNG, JPEG or WebP files to calibrate the model on.`,
    );
  }
  const count = Math.min(most, pictures.length);
  return Array.from({ length: count }, (_, i) =>
    join(folder, pictures[Math.floor((i * pictures.length) / count)]),
  );
}
