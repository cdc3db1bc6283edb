// `node bench/teach/measure.mjs MODEL OUT`: accuracy and "none of these" of few-shot classifiers on what embed.mjs wrote to
// OUT; compare.py prints scikit-learn's figures for the same embeddings.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'vit-wasm';
import { auroc } from './auroc.mjs';

const [location, out] = process.argv.slice(2);
const classes = 10;
const model = await load(location);
const width = model.info.hidden;

/** [class][picture]: embeddings. */
function read(part) {
  const { buffer, byteOffset, byteLength } = readFileSync(join(out, `${part}.f32`));
  const values = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
  const perClass = values.length / width / classes;
  return Array.from({ length: classes }, (_, k) =>
    Array.from({ length: perClass }, (_, i) => {
      const at = (k * perClass + i) * width;
      return values.slice(at, at + width);
    }),
  );
}

const [train, test] = [read('train'), read('test')];

async function taught(known, count, options) {
  const own = model.fewShot(options);
  for (const k of known) await own.add(String(k), train[k].slice(0, count));
  const start = performance.now();
  await own.train();
  return { own, time: performance.now() - start };
}

const everything = [...Array(classes).keys()];
for (const method of ['logistic', 'prototype', 'knn']) {
  for (const count of [5, 50, 500]) {
    const { own, time } = await taught(everything, count, { method });
    let [right, total] = [0, 0];
    for (const k of everything) {
      for (const one of test[k]) {
        const [best] = await own.classify(one, { topK: 1 });
        right += Number(best.label === String(k));
        total++;
      }
    }
    console.log(
      method,
      count,
      `accuracy ${((100 * right) / total).toFixed(2)} %, trained in ${time.toFixed()} ms`,
    );
  }
}

for (const count of [10, 50, 400]) {
  const sums = { rule: 0, softmax: 0, alarms: 0 };
  const splits = 5;
  for (let split = 0; split < splits; split++) {
    const known = everything.filter((k) => (k + 2 * split) % 10 < 6);
    const { own } = await taught(known, count, {});
    const scores = { rule: [[], []], softmax: [[], []] };
    for (const k of everything) {
      const side = Number(!known.includes(k));
      for (const one of test[k]) {
        const [strange] = await own.classify(one, { unknown: true, falseAlarms: 1 });
        scores.rule[side].push(strange.index === -1 ? strange.probability : 0);
        const [best] = await own.classify(one, { topK: 1 });
        scores.softmax[side].push(-best.probability);
      }
    }
    sums.rule += auroc(...scores.rule) / splits;
    sums.softmax += auroc(...scores.softmax) / splits;
    sums.alarms += scores.rule[0].filter((rank) => rank > 0.95).length / scores.rule[0].length / splits;
  }
  const { rule, softmax, alarms } = sums;
  console.log(
    `six of ten classes, ${count} pictures each: AUROC ${rule.toFixed(3)}, of the largest softmax ${softmax.toFixed(3)}; ` +
      `${(100 * alarms).toFixed(1)} % false alarms of 5 asked for`,
  );
}
model.dispose();
