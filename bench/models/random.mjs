// Seeded numbers: the same weights and the same picture on every machine, in Node and in the page.

/** A function that fills `values` with numbers spread evenly around `mean` with the given standard deviation. */
export function seeded(seed) {
  let state = seed >>> 0 || 1;
  return (values, deviation, mean = 0) => {
    // Marsaglia's xorshift32: poor statistics, but a hundred million numbers a second.
    const scale = (deviation * Math.sqrt(12)) / 2 ** 32;
    const offset = mean - deviation * Math.sqrt(3);
    for (let i = 0; i < values.length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      values[i] = (state >>> 0) * scale + offset;
    }
    return values;
  };
}
