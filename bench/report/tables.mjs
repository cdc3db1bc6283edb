// Results as lines of text: one function for each chapter.

export const tables = {
  forward: (rows) =>
    titled('Forward pass, one picture, interleaved', [
      [
        'model',
        'dtype',
        'threads',
        'engine',
        'median ms',
        'min ms',
        'GMAC/s',
        'relaxed ÷',
        'simd ÷',
        '|Δ logit|',
        '',
      ],
      ...rows.map((row) => [
        row.model,
        row.dtype,
        row.threads,
        row.name,
        row.median.toFixed(1),
        row.minimum.toFixed(1),
        row.gmacs.toFixed(1),
        ratio(row.ratios['vit-wasm relaxed']),
        ratio(row.ratios['vit-wasm simd']),
        row.difference.toExponential(1),
        row.agrees ? '' : 'another first answer',
      ]),
    ]),

  batch: (rows) =>
    titled('Several pictures in one call, through the worker, against one by one', [
      ['model', 'dtype', 'threads', 'pictures', 'singly ms', 'together ms', '÷'],
      ...rows.map(({ model, dtype, threads, count, singly, together, ratio: share }) => {
        return [model, dtype, threads, count, singly.toFixed(1), together.toFixed(1), ratio(share)];
      }),
    ]),

  kernels: ({ peak, dotPeak, rows }) =>
    titled(
      `Matrix product, one thread; peaks: ${peak.toFixed(1)} GMAC/s of floats, ${dotPeak.toFixed(1)} of bytes`,
      [
        ['dtype', 'variant', 'tile', 'model', 'layer', 'rows × inputs × outputs', 'GMAC/s', 'of peak'],
        ...rows.map(({ dtype, variant, tile, model, layer, rows, inputs, outputs, speed, share }) => {
          const shape = `${rows} × ${inputs} × ${outputs}`;
          return [dtype, variant, tile, model, layer, shape, speed.toFixed(1), percent(share)];
        }),
      ],
    ),

  choice: (rows) =>
    titled('Kernels chosen while loading', [
      ['model', 'variant', 'dtype', 'machine', 'loads', 'chosen'],
      ...rows.map(({ model, variant, dtype, isBusy, loads, chosen }) => {
        const counts = Object.entries(chosen).map(([what, count]) => `${count} × ${what}`);
        return [model, variant, dtype, isBusy ? 'busy' : 'idle', loads, counts.join('; ')];
      }),
    ]),

  architectures: (rows) =>
    titled('Architectures, one thread, with their published top-1 of ImageNet', [
      ['network', 'engine', 'dtype', 'median ms', 'min ms', 'GMAC/s', 'first, %', 'best, %'],
      ...rows.map(({ network, name, dtype, median, minimum, gmacs, first, best }) => [
        network,
        name,
        dtype,
        median.toFixed(1),
        minimum.toFixed(1),
        gmacs.toFixed(1),
        first[0].toFixed(1),
        best[0].toFixed(1),
      ]),
    ]),

  cold: (rows) =>
    titled('Cold start: import to first result, fresh browser, files from this machine; and a second visit', [
      [
        'model',
        'dtype',
        'engine',
        'median ms',
        'min ms',
        'ours ÷',
        'again ms',
        'ours ÷',
        'wire KB (Brotli)',
        'peak memory MB',
      ],
      ...rows.map((row) => [
        row.model,
        row.dtype,
        row.name,
        row.median.toFixed(0),
        row.minimum.toFixed(0),
        ratio(row.ratio),
        row.again.toFixed(0),
        ratio(row.ratioAgain),
        row.wireKB.toFixed(1),
        row.memoryMB.toFixed(0),
      ]),
    ]),

  preprocess: (rows) =>
    titled('Preprocessing a picture, one thread', [
      ['picture', 'engine', 'median ms', 'min ms', '÷ Pillow'],
      ...rows.map((row) => [
        `${row.width} × ${row.height}`,
        row.name,
        row.median.toFixed(1),
        row.minimum.toFixed(1),
        ratio(row.toPillow),
      ]),
    ]),

  words: (rows) =>
    titled('Classes in words, one thread; in brackets our time over theirs', [
      [
        'model',
        'dtype',
        'engine',
        'first answer ms',
        'its MB',
        'peak MB',
        'memory MB',
        '10 labels ms',
        'picture ms',
        'both ms',
      ],
      ...rows.map((row) => [
        row.model,
        row.dtype,
        row.name,
        `${row.first.toFixed(0)} (${row.firstRatio.toFixed(2)})`,
        row.modelMB.toFixed(1),
        row.peakMB.toFixed(0),
        row.memoryMB.toFixed(0),
        row.labels === undefined ? '–' : `${row.labels.toFixed(1)} (${row.labelsRatio.toFixed(2)})`,
        `${row.picture.toFixed(1)} (${row.pictureRatio.toFixed(2)})`,
        `${row.both.toFixed(1)} (${row.bothRatio.toFixed(2)})`,
      ]),
    ]),

  native: (rows) =>
    titled('Outside the browser, for orientation', [
      ['model', 'dtype', 'threads', 'engine', 'median ms', 'min ms', 'GMAC/s'],
      ...rows.map((row) => [
        row.model,
        row.dtype,
        row.threads,
        row.name,
        row.median.toFixed(1),
        row.minimum.toFixed(1),
        row.gmacs.toFixed(1),
      ]),
    ]),
};

const ratio = (value) => (value === undefined ? '' : value.toFixed(2));
const percent = (share) => `${(100 * share).toFixed(0)} %`;

/** Rows under a title; numbers stand to the right. */
function titled(title, rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  const pad = (cell, column) => {
    const text = String(cell);
    return /^[\d.+-]/.test(text) ? text.padStart(widths[column]) : text.padEnd(widths[column]);
  };
  return [title, ...rows.map((row) => row.map(pad).join('  ').trimEnd())].join('\n');
}
