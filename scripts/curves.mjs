// Deletion and insertion curves (RISE, Petsiuk et al. 2018): the patches of a picture are covered, the most important first,
// while the probability of its first answer is watched; or uncovered in this order. The area under the curve says how good
// the order was: deletion should be low, insertion high. What is covered has the mean color of ImageNet.

const mean = [124, 116, 104, 255];
/** Shares of the patches at which the probability is taken. */
const usualShares = [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1];

/** A generator of numbers from 0 to 1, the same in every run. */
function seeded(seed) {
  return () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

const methods = {
  explain: (model, picture, { index }) => model.explain(picture, index),
  attention: (model, picture) => model.attention(picture),
  rollout: (model, picture) => model.attention(picture, { rollout: true }),
  random: async (model, picture, _, random) => {
    const map = await model.attention(picture);
    return { ...map, data: map.data.map(random) };
  },
};

/** The mean area under both curves over the pictures, by how the patches were ordered: { deletion, insertion }. */
export async function curvesOf(model, pictures, shares = usualShares) {
  const random = seeded(1);
  const means = {};
  for (const picture of pictures) {
    const [best] = await model.classify(picture, { topK: 1 });
    for (const [method, mapOf] of Object.entries(methods)) {
      const map = await mapOf(model, picture, best, random);
      const order = [...map.data.keys()].sort((a, b) => map.data[b] - map.data[a]);
      const area = (deletes) => areaUnder(model, picture, map, order, best, deletes, shares);
      means[method] ??= { deletion: 0, insertion: 0 };
      means[method].deletion += (await area(true)) / pictures.length;
      means[method].insertion += (await area(false)) / pictures.length;
    }
  }
  return means;
}

/** The picture with some of its patches covered. */
function covered({ data, width, height }, { rows, columns, box }, patches) {
  const bytes = new Uint8ClampedArray(data);
  for (const patch of patches) {
    const [row, column] = [Math.floor(patch / columns), patch % columns];
    const [top, bottom] = [row, row + 1].map((edge) => Math.round(box.y + (edge * box.height) / rows));
    const [left, right] = [column, column + 1].map((edge) =>
      Math.round(box.x + (edge * box.width) / columns),
    );
    for (let y = Math.max(0, top); y < Math.min(height, bottom); y++) {
      for (let x = Math.max(0, left); x < Math.min(width, right); x++) bytes.set(mean, 4 * (y * width + x));
    }
  }
  return { data: bytes, width, height };
}

async function areaUnder(model, picture, map, order, { index }, deletes, shares) {
  let area = 0;
  let before;
  for (const [at, share] of shares.entries()) {
    const count = Math.round(share * order.length);
    const hidden = deletes ? order.slice(0, count) : order.slice(count);
    const [{ probability }] = await model.classify(covered(picture, map, hidden), { allow: [index] });
    if (at > 0) area += ((before + probability) / 2) * (share - shares[at - 1]);
    before = probability;
  }
  return area;
}
