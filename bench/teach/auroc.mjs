/** The probability that a stranger's score is higher than a known one's. */
export function auroc(known, strange) {
  const all = [...known.map((score) => [score, 0]), ...strange.map((score) => [score, 1])];
  all.sort((a, b) => a[0] - b[0]);
  let [sum, at] = [0, 0];
  while (at < all.length) {
    let end = at;
    while (end < all.length && all[end][0] === all[at][0]) end++;
    for (let i = at; i < end; i++) sum += all[i][1] * ((at + end - 1) / 2 + 1);
    at = end;
  }
  const { length } = strange;
  return (sum - (length * (length + 1)) / 2) / (length * known.length);
}
