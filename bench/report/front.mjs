// Accuracy over time, for documents and the demo: an SVG that reads on light and dark ground.

const [width, height, left, right, top, bottom] = [720, 460, 46, 16, 50, 44];
const [lowest, highest] = [68, 88];

/**
 * A picture of the chapter `architectures`: each network where its fastest engine has it, an upright line from its first
 * accuracy to its best, and the front of those that none is faster than and as accurate.
 */
export function front({ architectures, browser, processor }) {
  const points = fastest(architectures);
  const times = points.map(({ minimum }) => minimum);
  const x = scale(
    Math.log(Math.min(...times) / 1.6),
    Math.log(Math.max(...times) * 1.6),
    left,
    width - right,
  );
  const y = scale(lowest, highest, height - bottom, top);
  const at = ({ minimum, best }) => [x(Math.log(minimum)).toFixed(1), y(best[0]).toFixed(1)];
  const steps = undominated(points).map(at);
  const line = steps.map(([px, py], index) => (index === 0 ? `M${px} ${py}` : `H${px}V${py}`)).join('');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
    '<style>text{fill:#57606a}.title{font-weight:bold}.note{font-size:12px}.vit{fill:#1a7f37;stroke:#1a7f37}',
    '.convnet{fill:#8c959f;stroke:#8c959f}.grid{stroke:#8c959f;stroke-opacity:.25}.front{fill:none;stroke:#57606a;',
    'stroke-dasharray:3 4}text.vit{stroke:none}text.convnet{stroke:none;fill:#57606a}circle.int8{fill-opacity:.35}</style>',
    `<text class="note" x="0" y="14">Top-1 of ImageNet, %, over milliseconds per picture: one thread, ${browser.split('.')[0]}, ${processor}.</text>`,
    '<text class="note" x="0" y="30">Green: vit-wasm; grey: the faster of LiteRT.js and onnxruntime-web. From the first weights up to the best since.</text>',
    ...ticks(x, y),
    `<path class="front" d="${line}"/>`,
    ...points.map((point) => mark(point, at(point), y(point.first[0]).toFixed(1))),
    '</svg>',
    '',
  ].join('\n');
}

/** Of each network and kind of number the row of its fastest engine. */
export function fastest(rows) {
  const best = new Map();
  for (const row of rows) {
    const key = `${row.network} ${row.dtype}`;
    if (!(best.get(key)?.minimum <= row.minimum)) best.set(key, row);
  }
  return [...best.values()];
}

/** Those than which no other is both faster and at least as accurate, the fastest first. */
export function undominated(points) {
  const kept = [];
  for (const point of points.toSorted((a, b) => a.minimum - b.minimum)) {
    if (!kept.length || point.best[0] > kept.at(-1).best[0]) kept.push(point);
  }
  return kept;
}

const scale = (from, to, start, end) => (value) => start + ((value - from) / (to - from)) * (end - start);

function ticks(x, y) {
  const parts = [];
  for (let value = lowest + 2; value < highest; value += 5) {
    parts.push(
      `<line class="grid" x1="${left}" x2="${width - right}" y1="${y(value)}" y2="${y(value)}"/>`,
      `<text x="${left - 8}" y="${y(value) + 4}" text-anchor="end">${value}</text>`,
    );
  }
  for (const value of [5, 10, 20, 50, 100, 200, 500, 1000]) {
    const place = x(Math.log(value));
    if (place < left || place > width - right) continue;
    parts.push(
      `<line class="grid" x1="${place.toFixed(1)}" x2="${place.toFixed(1)}" y1="${top}" y2="${height - bottom}"/>`,
      `<text x="${place.toFixed(1)}" y="${height - bottom + 18}" text-anchor="middle">${value} ms</text>`,
    );
  }
  return parts;
}

function mark({ network, dtype, isConvolutional }, [x, y], first) {
  const kind = `${isConvolutional ? 'convnet' : 'vit'} ${dtype}`;
  // Below or above, because the two kinds meet.
  const label = isConvolutional ? [network, Number(first) + 18] : [`${network} ${dtype}`, Number(y) - 10];
  return [
    `<line class="${kind}" x1="${x}" x2="${x}" y1="${y}" y2="${first}"/>`,
    `<circle class="${kind}" cx="${x}" cy="${first}" r="2"/>`,
    `<circle class="${kind}" cx="${x}" cy="${y}" r="5"/>`,
    `<text class="${kind}" x="${x}" y="${label[1].toFixed(1)}" text-anchor="middle" font-size="12">${label[0]}</text>`,
  ].join('');
}
