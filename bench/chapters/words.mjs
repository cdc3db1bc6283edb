// Classes in words against transformers.js: the same seeded CLIPs, the same picture, the same labels.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchWithProfile } from '../browser/chromium.mjs';
import { call, openPage } from '../browser/page.mjs';
import { clipFolder, logitScale } from '../models/clip.mjs';
import { median } from './statistics.mjs';

/** Who races: ours with the text encoder ended after use, as by default, and kept; theirs with one model and with two. */
const participants = [
  { name: 'vit-wasm', engine: 'words-vit-wasm' },
  { name: 'vit-wasm, encoder kept', engine: 'words-vit-wasm', keep: true },
  { name: 'transformers.js, pipeline', engine: 'words-transformers' },
  { name: 'transformers.js, two models', engine: 'words-transformers', apart: true },
];

const ten = [
  'a tabby cat',
  'a dog on a beach',
  'a slice of pizza',
  'a street in the rain',
  'a cup of coffee',
  'a red bicycle',
  'snow on a mountain',
  'an open book',
  'two children playing football',
  'a train at a station',
];

/** Bytes a second that the first answer's files come at: a connection of 200 Mbit/s. */
const pace = 25e6;

/** How far probabilities may be from ours. */
const tolerance = { fp32: 1e-3, int8: 0.1 };

/**
 * A row for each CLIP, precision and participant: the first answer with its download, and then in turns ten new labels and
 * a picture, all in milliseconds; memory of the page's process.
 */
export async function words({ server, rounds, clips, dtypes }) {
  const rows = [];
  for (const [name, model] of Object.entries(clips)) {
    server.folders[`/clip/${name}/`] = await clipFolder(name, model);
    for (const dtype of dtypes) {
      const entrants = [];
      try {
        for (const participant of participants) {
          const file = `/clip/${name}/${isOurs(participant) && dtype === 'int8' ? 'int8/' : ''}`;
          entrants.push(await enter(server, { ...participant, dtype }, file, model));
        }
        for (const entrant of entrants) compare(entrant, entrants[0].answers, dtype, name);
        for (let round = 0; round < rounds; round++) {
          for (const { page, times } of entrants) times.push(await call(page, 'again', { labels: ten }));
        }
        for (const entrant of entrants) rows.push({ model: name, dtype, ...figuresOf(entrant, entrants[0]) });
      } finally {
        for (const { leave } of entrants) await leave();
      }
    }
  }
  return rows;
}

const isOurs = ({ engine }) => engine === 'words-vit-wasm';

/** A participant in a browser of its own that has given its first answer. */
async function enter(server, { name, ...options }, file, { vision: { image } }) {
  const profile = mkdtempSync(join(tmpdir(), 'vit-wasm-bench-'));
  const browser = await launchWithProfile(profile);
  const leave = async () => {
    await browser.close();
    rmSync(profile, { recursive: true });
  };
  try {
    const page = await openPage(browser, server.origin, 'words.js');
    const empty = await memoryOf(browser);
    server.sent.length = 0;
    server.pace = pace;
    const { answers, time } = await call(page, 'first', {
      ...options,
      scale: Math.exp(logitScale),
      file,
      image,
      labels: ten,
    });
    server.pace = Infinity;
    const bytes = server.sent.filter(isModel).reduce((sum, { bytes }) => sum + bytes, 0);
    const after = await memoryOf(browser);
    const memory = { peakMB: (after.peak - empty.now) / 1e6, memoryMB: (after.now - empty.now) / 1e6 };
    return { name, page, leave, answers, first: time, modelMB: bytes / 1e6, memory, times: [] };
  } catch (error) {
    await leave();
    throw error;
  }
}

function compare({ name, answers }, reference, dtype, model) {
  const apart = Math.max(...answers.map((value, at) => Math.abs(value - reference[at])));
  if (apart > tolerance[dtype]) {
    throw new Error(`${name} (${dtype}) is ${apart} away from ours on ${model}.`);
  }
}

function figuresOf({ name, first, modelMB, memory, times }, own) {
  // A pipeline encodes labels only along with a picture.
  const takesLabels = times.every(({ labels }) => labels > 1);
  const least = (what) => Math.min(...times.map(what));
  // Our time over this one's, each round by itself.
  const ratio = (what) => median(times.map((time, round) => what(own.times[round]) / what(time)));
  const both = ({ labels, picture }) => labels + picture;
  return {
    name,
    first,
    modelMB,
    ...memory,
    ...(takesLabels && {
      labels: least(({ labels }) => labels),
      labelsRatio: ratio(({ labels }) => labels),
    }),
    picture: least(({ picture }) => picture),
    both: least(both),
    firstRatio: own.first / first,
    pictureRatio: ratio(({ picture }) => picture),
    bothRatio: ratio(both),
  };
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
