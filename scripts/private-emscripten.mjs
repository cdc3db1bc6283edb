// A newer Debian's (or Ubuntu's) Emscripten, unpacked into .toolchain/ of this project without touching the machine's
// own packages.
//
// The machine's distribution may be older than the packages, so they cannot use its C library: patchelf makes every
// program start through the unpacked loader and find its libraries in the unpacked folders.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Failure, root, run, which } from './shell.mjs';

/**
 * Releases with an Emscripten that is new enough, and the keys that a machine of that family trusts them by. Debian's
 * row is what releases and tests use; Ubuntu's follows the same recipe and has not been tried yet.
 */
const archives = [
  { suite: 'trixie', components: 'main', keyring: '/usr/share/keyrings/debian-archive-keyring.gpg' },
  {
    suite: 'resolute',
    components: 'main universe',
    keyring: '/usr/share/keyrings/ubuntu-archive-keyring.gpg',
  },
];

// Where several checkouts share one through a link, all use its real path, because its programs contain it.
const shared = join(root, '.toolchain');
const folder = existsSync(shared) ? realpathSync(shared) : shared;
const home = join(folder, 'emscripten');
const stamp = join(home, 'ready');

/** Declared dependencies that compiling to wasm never runs; 10 % of the download. All others are unpacked. */
const unneeded =
  /^(nodejs|libnode|node-(?!acorn)|python3|libpython3|binutils|libbinutils|gcc-|ccache|tzdata|lib(gcc-\d+|stdc\+\+-\d+|c6)-dev|lib(asan|tsan|lsan|hwasan|ubsan|quadmath|gomp|itm|gprofng|ctf|sframe|objc)[\d-])/;

/** Unpacked folders that are not needed: 1 GB of libraries for dynamic linking, and documentation. */
const prunable = [
  'usr/share/emscripten/cache/sysroot/lib/wasm32-emscripten/pic',
  'usr/share/emscripten/cache/sysroot/lib/wasm32-emscripten/lto-pic',
  'usr/share/emscripten/test',
  'usr/share/doc',
  'usr/share/locale',
  'usr/share/man',
];

/** Whether this machine can have it. */
export const available = () => Boolean(which('apt-get') && which('dpkg'));

/**
 * Makes sure that the private Emscripten is there, and returns the environment that uses it. Takes a minute and
 * 0.3 GB of download the first time, nothing afterwards. An interrupted first time resumes where it stopped.
 */
export function privateEmscripten() {
  if (!existsSync(stamp)) fetchAndUnpack();
  // In a copied or moved checkout, the programs still contain the folder they were set up in.
  if (readFileSync(stamp, 'utf8') !== home) settle();
  return {
    PATH: `${join(home, 'usr/share/emscripten')}:${process.env.PATH}`,
    EM_CONFIG: join(home, 'config.py'),
    EM_NODE_JS: process.execPath,
  };
}

function fetchAndUnpack() {
  console.error('Fetching Emscripten through apt into .toolchain/ (0.3 GB, once).');
  const debs = download();
  // The stamp comes last: without it the folder is not trusted but made again.
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  for (const deb of readdirSync(debs).filter((name) => name.endsWith('.deb'))) {
    run('dpkg', ['-x', join(debs, deb), home], { quiet: true });
  }
  for (const path of prunable) rmSync(join(home, path), { recursive: true, force: true });
  // Debian's own Node looks for modules in that folder by itself; any other Node needs the usual name.
  symlinkSync('../nodejs', join(home, 'usr/share/emscripten/node_modules'));
  // Its scripts are not modules of this project, whose package.json would make them ES modules.
  writeFileSync(join(home, 'package.json'), '{}');
  settle();
  for (const spent of ['debs', 'apt']) rmSync(join(folder, spent), { recursive: true, force: true });
}

/** Downloads the packages, checked against the archive's signature by apt itself. */
function download() {
  const debs = join(folder, 'debs');
  const apt = join(folder, 'apt');
  for (const path of [debs, join(apt, 'lists/partial'), join(apt, 'cache/archives/partial')]) {
    mkdirSync(path, { recursive: true });
  }
  const settings = [
    `Dir::Etc::SourceList "${apt}/sources.list";`,
    'Dir::Etc::SourceParts "/dev/null";',
    `Dir::State::Lists "${apt}/lists";`,
    `Dir::State::status "${apt}/status";`,
    `Dir::Cache "${apt}/cache";`,
    'Acquire::Languages "none";',
    'APT::Sandbox::User "";', // apt's own user may not be allowed into this folder
    'Debug::NoLocking "true";', // nor may this user lock the machine's package database, which is not used
  ];
  writeFileSync(join(apt, 'status'), '');
  writeFileSync(join(apt, 'apt.conf'), settings.join('\n'));
  const aptGet = (args, cwd = apt) => {
    return run('apt-get', ['-q', '-c', join(apt, 'apt.conf'), ...args], { quiet: true, cwd });
  };

  openArchive(apt, aptGet);
  const plan = aptGet('install --print-uris --yes --no-install-recommends emscripten patchelf'.split(' '));
  const packages = plan
    .split('\n')
    .filter((line) => line.startsWith("'"))
    .map((line) => line.split(' ')[1].split('_')[0])
    .filter((name) => !unneeded.test(name));
  aptGet(['download', ...packages], debs);
  return debs;
}

/** Writes sources.list with the first of the machine's own mirrors that carries one of the releases, and reads its index. */
function openArchive(apt, aptGet) {
  const reasons = [];
  for (const mirror of mirrors()) {
    for (const { suite, components, keyring } of archives.filter((archive) => existsSync(archive.keyring))) {
      writeFileSync(
        join(apt, 'sources.list'),
        `deb [signed-by=${keyring}] ${mirror} ${suite} ${components}\n`,
      );
      try {
        aptGet(['update', '--error-on=any']);
        return;
      } catch (error) {
        reasons.push(error.message);
      }
    }
  }
  throw new Failure(
    [
      "None of this machine's apt sources carries a release with the Emscripten to build with (Debian 13, Ubuntu 26.04).",
      'Name a mirror that does in DEBIAN_MIRROR, or install Emscripten with emsdk and put emcc on PATH.',
      ...reasons,
    ].join('\n'),
  );
}

/** The archives this machine installs from, whatever the format of its sources: apt prints them resolved. */
function mirrors() {
  if (process.env.DEBIAN_MIRROR) return [process.env.DEBIAN_MIRROR];
  const uris = run('apt-get', ['update', '--print-uris'], { quiet: true });
  const bases = [...uris.matchAll(/^'(\S+)\/dists\/\S+\/(?:In)?Release'/gm)].map((match) => match[1]);
  return [...new Set(bases)];
}

/** Makes the programs under `home` run from there, and says so in the stamp. */
function settle() {
  const library = single(join(home, 'usr/lib'), /-linux-gnu/);
  const loader = single(library, /^ld-linux-.*\.so\.\d+$/);
  const llvm = single(join(home, 'usr/lib'), /^llvm-\d+$/);
  const version = llvm.split('-').at(-1);

  const search = [library, join(library, 'binaryen'), join(llvm, 'lib')].join(':');
  const settings = ['--set-interpreter', loader, '--force-rpath', '--set-rpath', search];
  // The unpacked patchelf cannot start by itself, so the unpacked loader starts it.
  const patchelf = ['--library-path', library, join(home, 'usr/bin/patchelf')];
  for (const program of programs(llvm)) run(loader, [...patchelf, ...settings, program], { quiet: true });

  const config = [
    `LLVM_ROOT = '${home}/usr/bin'`,
    `BINARYEN_ROOT = '${home}/usr'`,
    `LLVM_ADD_VERSION = '${version}'`,
    `CLANG_ADD_VERSION = '${version}'`,
    "NODE_JS = 'node'", // overridden by EM_NODE_JS, the Node that runs the build
    'FROZEN_CACHE = True', // every system library comes compiled
    '',
  ];
  writeFileSync(join(home, 'config.py'), config.join('\n'));
  writeFileSync(stamp, home);
}

/** The programs that emcc starts. */
function programs(llvm) {
  const tools = ['clang', 'lld', 'llvm-ar', 'llvm-nm', 'llvm-objcopy'].map((name) => join(llvm, 'bin', name));
  const bin = join(home, 'usr/bin');
  const binaryen = readdirSync(bin).filter((name) => /^wasm-(?!ld)/.test(name));
  return [...tools, ...binaryen.map((name) => join(bin, name))];
}

/** The one entry of a folder whose name matches. */
function single(parent, pattern) {
  const found = readdirSync(parent).filter((name) => pattern.test(name));
  if (found.length === 1) return join(parent, found[0]);
  throw new Failure(
    `${parent} has ${found.length} entries like ${pattern}: remove .toolchain/ and try again.`,
  );
}
