// The speed of the library's matrix products, one variant a page, against a loop of multiply-adds, or of dot products of
// bytes, in registers.

/** Multiply-adds timed at once, at least: a millisecond, because the clock has steps of five microseconds. */
const batch = 30e6;
/** Batches of one measurement. */
const batches = 8;

/** By dtype: the loop that touches no memory, with its multiply-adds per step, and the product. */
const loops = {
  fp32: { perStep: 12 * 4, peak: 'peak', product: 'run_gemm' },
  int8: { perStep: 12 * 16, peak: 'peak_int8', product: 'run_gemm_int8' },
};

let kernels;
let tiles;

/** Gives the names of the tiles that products can go in: { fp32, int8 }. */
async function start({ variant }) {
  const { instance } = await WebAssembly.instantiateStreaming(fetch(`/kernels/${variant}.wasm`));
  kernels = instance.exports;
  kernels._initialize();
  new Float32Array(kernels.memory.buffer, kernels.floats(), kernels.float_count()).fill(0.01);
  tiles = { fp32: namesOf(0), int8: namesOf(1) };
  return tiles;
}

function namesOf(int8) {
  const names = [];
  for (let at; (at = kernels.tile_name(int8, names.length)) !== 0;) names.push(textAt(at));
  return names;
}

/** The string that begins at `address` in the module's memory. */
function textAt(address) {
  const bytes = new Uint8Array(kernels.memory.buffer, address);
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}

/**
 * Billions of multiply-adds per second of a `dtype`: of the peak when no shape is given, else of the product at that shape
 * and in its tile.
 * The fastest of several batches, because whatever else the machine does only ever takes time away.
 */
function speed({ dtype, tile, rows, inputs, outputs }) {
  const { perStep, peak, product } = loops[dtype];
  const multiplyAdds = tile ? rows * inputs * outputs : perStep;
  const repeats = Math.ceil(batch / multiplyAdds);
  if (tile) kernels.use_tile(dtype === 'int8', tiles[dtype].indexOf(tile));
  const run = () => {
    if (!tile) return kernels[peak](repeats);
    for (let i = 0; i < repeats; i++) kernels[product](rows, inputs, outputs);
  };
  let fastest = Infinity;
  for (let i = 0; i < batches; i++) {
    const begin = performance.now();
    run();
    fastest = Math.min(fastest, performance.now() - begin);
  }
  return (repeats * multiplyAdds) / fastest / 1e6;
}

globalThis.participant = { start, speed };
