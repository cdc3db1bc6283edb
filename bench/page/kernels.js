// The speed of the library's matrix product, one variant a page, against a loop of multiply-adds in registers.

/** Multiply-adds timed at once, at least: a millisecond, because the clock has steps of five microseconds. */
const batch = 30e6;
/** Batches of one measurement. */
const batches = 8;

let kernels;
let tiles;

/** Gives the names of the tiles that gemm can go in. */
async function start({ variant }) {
  const { instance } = await WebAssembly.instantiateStreaming(fetch(`/kernels/${variant}.wasm`));
  kernels = instance.exports;
  kernels._initialize();
  new Float32Array(kernels.memory.buffer, kernels.floats(), kernels.float_count()).fill(0.01);
  tiles = [];
  for (let at; (at = kernels.tile_name(tiles.length)) !== 0;) tiles.push(textAt(at));
  return tiles;
}

/** The string that begins at `address` in the module's memory. */
function textAt(address) {
  const bytes = new Uint8Array(kernels.memory.buffer, address);
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}

/**
 * Billions of multiply-adds per second: of the peak when no shape is given, else of gemm at that shape and in its tile.
 * The fastest of several batches, because whatever else the machine does only ever takes time away.
 */
function speed(shape) {
  const multiplyAdds = shape ? shape.rows * shape.inputs * shape.outputs : 48;
  const repeats = Math.ceil(batch / multiplyAdds);
  if (shape) kernels.use_tile(tiles.indexOf(shape.tile));
  const run = () => {
    if (!shape) return kernels.peak(repeats);
    for (let i = 0; i < repeats; i++) kernels.run_gemm(shape.rows, shape.inputs, shape.outputs);
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
