// Three pictures to begin with, drawn by the page itself, 320 × 320 pixels.

const edge = 320;

const paint = {
  'a ship': (c) => {
    fill(c, gradient(c, '#8fb7d9', '#e4eef5'), [0, 0, edge, 190]);
    fill(c, gradient(c, '#7fa3ba', '#1f4f70'), [0, 185, edge, 135]);
    shape(c, '#7a2d25', [30, 190, 290, 190, 262, 242, 62, 242]);
    shape(c, '#3c4348', [24, 170, 300, 166, 290, 192, 30, 192]);
    fill(c, '#f2f0ea', [92, 132, 150, 38]);
    fill(c, '#dcd9d0', [112, 104, 92, 28]);
    fill(c, '#c8502f', [140, 62, 26, 42]);
    fill(c, '#2d2d2d', [140, 62, 26, 9]);
    for (let x = 104; x < 236; x += 22) fill(c, '#54718a', [x, 144, 11, 11]);
    for (let x = 0; x < edge; x += 40) fill(c, '#b9d0de', [x + 6, 256 + ((x * 7) % 44), 30, 2]);
  },

  'an airplane': (c) => {
    fill(c, gradient(c, '#3f86cf', '#bfdcf3'), [0, 0, edge, edge]);
    shape(c, '#aeb9c4', [150, 150, 196, 148, 96, 60, 72, 62]);
    shape(c, '#c9d1d9', [42, 150, 12, 84, 44, 84, 92, 146]);
    oval(c, '#eef1f4', 166, 162, 138, 22);
    shape(c, '#8e9aa6', [130, 168, 196, 166, 112, 262, 84, 264]);
    shape(c, '#c2cbd3', [40, 168, 8, 196, 28, 198, 84, 172]);
    oval(c, '#5b6771', 142, 208, 20, 9);
    shape(c, '#44566a', [272, 152, 292, 155, 288, 160, 268, 160]);
    for (let x = 92; x < 256; x += 16) fill(c, '#6a7f93', [x, 156, 7, 6]);
  },

  'a car': (c) => {
    fill(c, gradient(c, '#b9cdd9', '#e9eceb'), [0, 0, edge, 180]);
    fill(c, '#7d8a72', [0, 150, edge, 40]);
    fill(c, gradient(c, '#8b8b8b', '#5c5c5c'), [0, 186, edge, 134]);
    oval(c, '#3f3f3f', 160, 252, 146, 12);
    shape(c, '#a51f1f', [92, 168, 122, 112, 212, 112, 254, 168]);
    shape(c, '#c62828', [22, 178, 92, 162, 262, 162, 302, 188, 300, 236, 24, 236]);
    shape(c, '#22313c', [108, 164, 130, 121, 164, 121, 164, 164]);
    shape(c, '#22313c', [174, 164, 174, 121, 206, 121, 236, 164]);
    fill(c, '#7e1717', [24, 220, 276, 16]);
    oval(c, '#ffe9a8', 294, 196, 8, 9);
    for (const x of [82, 242]) {
      oval(c, '#1c1c1c', x, 238, 31, 31);
      oval(c, '#b9bec2', x, 238, 15, 15);
    }
  },
};

/** `{ name, canvas, toBlob }` of each, where `toBlob()` promises the drawing as a PNG. */
export function drawings() {
  return Object.entries(paint).map(([name, draw]) => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = edge;
    draw(canvas.getContext('2d'));
    return { name, canvas, toBlob: () => new Promise((resolve) => canvas.toBlob(resolve)) };
  });
}

function gradient(c, top, bottom) {
  const result = c.createLinearGradient(0, 0, 0, edge);
  result.addColorStop(0, top);
  result.addColorStop(1, bottom);
  return result;
}

function fill(c, style, box) {
  c.fillStyle = style;
  c.fillRect(...box);
}

/** A polygon through x, y, x, y, … */
function shape(c, style, points) {
  c.fillStyle = style;
  c.beginPath();
  for (let i = 0; i < points.length; i += 2) c.lineTo(points[i], points[i + 1]);
  c.fill();
}

function oval(c, style, x, y, width, height) {
  c.fillStyle = style;
  c.beginPath();
  c.ellipse(x, y, width, height, 0, 0, 2 * Math.PI);
  c.fill();
}
