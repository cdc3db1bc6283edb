// Photographs to begin with, in the public domain (CC0).
import { create, element, showError } from '../dom.js';
import { link } from '../link.js';
import { session } from '../session.js';
import { t } from '../text.js';
import { take } from './take.js';

/** File names, and what they show. */
const samples = {
  coffee: 'A cup of coffee',
  cat: 'A tabby cat',
  dog: 'A dog',
  pizza: 'A pizza',
  burger: 'A burger',
  taxis: 'Taxis in a street',
  shuttle: 'A space shuttle',
};

export function startSamples() {
  for (const [name, title] of Object.entries(samples)) {
    const image = create('img', { src: `samples/small/${name}.webp`, alt: t(title), width: 48, height: 48 });
    const made = create('button', { type: 'button', title: t(title), aria: { pressed: 'false' } }, image);
    made.dataset.sample = name;
    made.addEventListener('click', () => void takeSample(name));
    element('samples').append(made);
  }
  for (const type of ['picture', 'refused', 'live']) {
    session.on(type, () => {
      const shown = session.live ? undefined : session.picture?.sample;
      for (const made of element('samples').children) {
        made.setAttribute('aria-pressed', made.dataset.sample === shown);
      }
    });
  }
  const asked = link.get('sample');
  return takeSample(asked in samples ? asked : 'coffee');
}

async function takeSample(name) {
  const title = t(samples[name]);
  try {
    const response = await fetch(`samples/${name}.jpg`);
    await take(await response.blob(), title, { sample: name });
  } catch {
    showError(
      'picture-error',
      t('“{name}” could not be downloaded; check your connection.', { name: title }),
    );
  }
}
