// Results as lines of text.

/** Milliseconds per image of one model. */
export function forwardTable(results) {
  const head = ['model', 'dtype', 'threads', 'engine', 'median ms', 'min ms', 'max |Δ logit|', 'same first'];
  const rows = results.map((row) => [
    row.model,
    row.dtype,
    row.threads,
    row.name,
    row.median.toFixed(1),
    row.minimum.toFixed(1),
    row.difference.toExponential(1),
    row.agrees ? 'yes' : 'no',
  ]);
  return table([head, ...rows]);
}

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  return rows
    .map((row) => row.map((cell, column) => String(cell).padEnd(widths[column])).join('  '))
    .join('\n');
}
