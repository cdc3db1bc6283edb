/** Random numbers that are the same for the same seed. */
export interface Random {
  /** A whole number from 0 to below `count`. */
  below(count: number): number;
  /** Whether the one case in `count` has come. */
  oneIn(count: number): boolean;
  pick<T>(list: readonly T[]): T;
}

/** Mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (count: number) => Math.floor(next() * count);
  return { below, oneIn: (count) => below(count) === 0, pick: (list) => list[below(list.length)] };
}
