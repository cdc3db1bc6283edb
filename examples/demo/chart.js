// Small charts in SVG, which take their colors from the page.

/** An element of SVG with attributes and children. */
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * Lines over whole numbers from 1: each `{ name, values }`, values between 0 and 1. `label` is what a screen reader says
 * instead of the picture, which is for the eye only; tables beside it have the figures.
 */
export function lineChart(lines, { label, across }) {
  const [width, height, left, bottom, top] = [520, 240, 44, 30, 10];
  const count = lines[0].values.length;
  const x = (index) => left + ((width - left - 12) * index) / Math.max(1, count - 1);
  const y = (value) => top + (height - top - bottom) * (1 - value);
  const chart = svg('svg', {
    viewBox: `0 0 ${width} ${height}`,
    class: 'chart',
    role: 'img',
    'aria-label': label,
  });
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    chart.append(
      svg('line', { class: 'grid', x1: left, x2: width - 12, y1: y(value), y2: y(value) }),
      svg('text', { x: left - 6, y: y(value) + 4, 'text-anchor': 'end' }, `${100 * value} %`),
    );
  }
  for (let index = 0; index < count; index++) {
    chart.append(svg('text', { x: x(index), y: height - 10, 'text-anchor': 'middle' }, `${index + 1}`));
  }
  // Before the first number, where nothing is in its way.
  chart.append(svg('text', { x: left - 8, y: height - 10, 'text-anchor': 'end' }, across));
  lines.forEach(({ values }, number) => {
    const points = values.map((value, index) => `${x(index)},${y(value)}`).join(' ');
    chart.append(svg('polyline', { class: `series s${number}`, points }));
    values.forEach((value, index) => {
      chart.append(svg('circle', { class: `series s${number}`, cx: x(index), cy: y(value), r: 3 }));
    });
  });
  return chart;
}

/** Horizontal bars: each `{ name, value, text }`, the longest as wide as there is room. */
export function barChart(bars, { label }) {
  const [width, row, left] = [520, 34, 190];
  const height = bars.length * row + 4;
  const largest = Math.max(...bars.map(({ value }) => value));
  const chart = svg('svg', {
    viewBox: `0 0 ${width} ${height}`,
    class: 'chart',
    role: 'img',
    'aria-label': label,
  });
  bars.forEach(({ name, value, text }, at) => {
    const length = Math.max(2, ((width - left - 80) * value) / largest);
    chart.append(
      svg('text', { x: left - 8, y: at * row + 22, 'text-anchor': 'end' }, name),
      svg('rect', { class: `s${at % 5}`, x: left, y: at * row + 6, width: length, height: row - 12, rx: 4 }),
      svg('text', { x: left + length + 8, y: at * row + 22 }, text),
    );
  });
  return chart;
}

/** A chart as a picture, on the page's own background, with a sentence below it. */
export async function chartPicture(chart, sentence) {
  const { width, height } = chart.viewBox.baseVal;
  const copy = chart.cloneNode(true);
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', width);
  copy.setAttribute('height', height);
  // The page's style sheet does not reach into a picture.
  const shapes = [chart, ...chart.querySelectorAll('*')];
  [copy, ...copy.querySelectorAll('*')].forEach((shape, at) => {
    const style = getComputedStyle(shapes[at]);
    for (const name of ['fill', 'stroke', 'stroke-width', 'font-size', 'font-family', 'font-weight']) {
      shape.setAttribute(name, style.getPropertyValue(name));
    }
  });
  const address = URL.createObjectURL(
    new Blob([new XMLSerializer().serializeToString(copy)], { type: 'image/svg+xml' }),
  );
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = Object.assign(document.createElement('canvas'), {
      width: 2 * width,
      height: 2 * height + 100,
    });
    const context = canvas.getContext('2d');
    const style = getComputedStyle(document.body);
    context.fillStyle = style.getPropertyValue('--card');
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 20, 2 * width, 2 * height);
    context.fillStyle = style.color;
    context.font = `22px ${style.fontFamily}`;
    context.fillText(`vit-wasm · ${sentence}`, 20, 2 * height + 70, canvas.width - 40);
    return await new Promise((resolve) => canvas.toBlob(resolve));
  } finally {
    URL.revokeObjectURL(address);
  }
}
