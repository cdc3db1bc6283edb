// The forward pass as bars, for documents: an SVG that reads on light and dark ground.

const [width, labelWidth, barHeight, gap] = [720, 170, 16, 5];
const barWidth = width - labelWidth - 90;

/** A picture of the one-thread races; bars are the median times. */
export function chart({ forward, browser, processor }) {
  const rows = forward
    .filter(({ threads }) => threads === 1)
    .map((row) => ({ ...row, race: `ViT ${row.model}, ${row.dtype}` }));
  const parts = [];
  let y = 30;
  for (const race of new Set(rows.map((row) => row.race))) {
    const group = rows.filter((row) => row.race === race).toSorted((a, b) => a.median - b.median);
    parts.push(text(0, (y += 22), race, 'title'));
    y += 8;
    for (const row of group) {
      parts.push(bar(row, (barWidth * row.median) / group.at(-1).median, y));
      y += barHeight + gap;
    }
  }
  const head = text(0, 18, `Milliseconds per picture, one thread: ${browser}, ${processor}`, 'note');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 6}" font-family="sans-serif" font-size="13">`,
    '<style>text{fill:#57606a}.title{font-weight:bold}.ours{fill:#1a7f37}.peer{fill:#8c959f}.note{font-size:12px}</style>',
    head,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function bar({ name, median }, length, y) {
  const kind = name.startsWith('vit-wasm') ? 'ours' : 'peer';
  return [
    text(0, y + 13, name),
    `<rect class="${kind}" x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="2"/>`,
    text(labelWidth + length + 6, y + 13, median.toFixed(median < 100 ? 1 : 0)),
  ].join('');
}

function text(x, y, content, style) {
  return `<text x="${x.toFixed(1)}" y="${y}"${style ? ` class="${style}"` : ''}>${content}</text>`;
}
