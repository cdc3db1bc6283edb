// Classes in words against transformers.js' pipeline: the same seeded CLIPs, the same picture, the same labels.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchWithProfile } from '../browser/chromium.mjs';
import { call, openPage } from '../browser/page.mjs';
import { clipFolder } from '../models/clip.mjs';

/** Who races, by precision: ours with the text encoder ended after use, as by default, and kept. */
const participants = ['fp32', 'int8'].flatMap((dtype) => [
  { name: 'vit-wasm', engine: 'words-vit-wasm', dtype },
  { name: 'vit-wasm, encoder kept', engine: 'words-vit-wasm', dtype, keep: true },
  { name: 'transformers.js', engine: 'words-transformers', dtype },
]);

const ten = [
  'a tabby cat',
  'a dog on a beach',
  'a slice of pizza',
  'a street in the rain',
  'a cup of coffee',
].concat([
  'a red bicycle',
  'snow on a mountain',
  'an open book',
  'two children playing football',
  'a train at a station',
]);

/** How far probabilities may be apart: of floats from those of transformers.js, of bytes from our floats. */
const tolerance = { fp32: 1e-3, int8: 0.1 };

/**
 * Rows of milliseconds and bytes for each CLIP and participant: the first answer with its download, ten labels once they
 * are new, a picture with the labels of before, and memory before and after.
 */
export async function words({ server, rounds, clips }) {
  const rows = [];
  for (const [name, model] of Object.entries(clips)) {
    const folder = await clipFolder(name, model);
    server.folders[`/clip/${name}/`] = folder;
    let reference;
    for (const participant of participants) {
      const row = await race(server, participant, `/clip/${name}/`, model, rounds);
      reference ??= row.answers;
      const apart = Math.max(...row.answers.map((value, at) => Math.abs(value - reference[at])));
      if (apart > tolerance[participant.dtype]) {
        throw new Error(
          `${participant.name} (${participant.dtype}) is ${apart} away from the others on ${name}.`,
        );
      }
      rows.push({ model: name, name: participant.name, dtype: participant.dtype, apart, ...row.figures });
    }
  }
  return rows;
}

async function race(server, { engine, dtype, keep }, file, { vision: { image } }, rounds) {
  const profile = mkdtempSync(join(tmpdir(), 'vit-wasm-bench-'));
  const browser = await launchWithProfile(profile);
  try {
    server.sent.length = 0;
    const page = await openPage(browser, server.origin, 'words.js');
    const options = { engine, dtype, keep, file, image, labels: ten };
    const empty = await memoryOf(browser);
    const { result: answers, time: first } = await call(page, 'first', options);
    const bytes = server.sent.filter(isModel).reduce((sum, { bytes }) => sum + bytes, 0);
    const after = await memoryOf(browser);
    const times = { again: [], picture: [] };
    for (let round = 0; round < rounds; round++) {
      times.again.push((await call(page, 'classify', { labels: ten, again: true })).time);
      times.picture.push((await call(page, 'classify', { labels: ten, again: false })).time);
    }
    return {
      answers,
      figures: {
        first,
        modelMB: bytes / 1e6,
        peakMB: (after.peak - empty.now) / 1e6,
        memoryMB: (after.now - empty.now) / 1e6,
        again: Math.min(...times.again),
        picture: Math.min(...times.picture),
      },
    };
  } finally {
    await browser.close();
    rmSync(profile, { recursive: true });
  }
}

/** Bytes of physical memory that the page's process has, and had at most, as Linux counts. */
async function memoryOf(browser) {
  const session = await browser.newSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await new Promise((resolve) => setTimeout(resolve, 1000)); // what has ended gives its memory back
  const all = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => statusOf(id));
  return all.reduce((most, one) => (one.peak > most.peak ? one : most));
}

function statusOf(id) {
  const status = readFileSync(`/proc/${id}/status`, 'utf8');
  const bytes = (field) => 1024 * Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)[1]);
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
}

/** Whether what was sent is of the model, rather than of an engine. */
const isModel = ({ file }) => file.includes(join('build', 'bench', 'clip'));
