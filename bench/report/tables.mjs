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

  cold: (rows) =>
    titled('Cold start: import to first result, fresh browser, files from this machine', [
      ['model', 'dtype', 'engine', 'median ms', 'min ms', 'wire KB (Brotli)', 'peak memory MB'],
      ...rows.map((row) => [
        row.model,
        row.dtype,
        row.name,
        row.median.toFixed(0),
        row.minimum.toFixed(0),
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
