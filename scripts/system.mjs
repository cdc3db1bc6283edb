// The programs that building and testing need besides Node: the one list of them.
import { existsSync } from 'node:fs';
import { Failure, run, which } from './shell.mjs';

/** What is needed, how to check for it, and the Debian package that contains it. */
const requirements = {
  cmake: { there: () => which('cmake'), packages: ['cmake'] },
  ninja: { there: () => which('ninja'), packages: ['ninja-build'] },
  python: { there: () => which('python3'), packages: ['python3'] }, // Emscripten is written in it
  'a C++ compiler': { there: () => which('c++'), packages: ['g++'] },
  GoogleTest: { there: () => existsSync('/usr/src/googletest/googletest'), packages: ['libgtest-dev'] },
  // With libFuzzer and its sanitizers.
  Clang: { there: () => which('clang++'), packages: ['clang', 'libclang-rt-14-dev', 'libfuzzer-14-dev'] },
  Chromium: { there: () => which('chromium'), packages: ['chromium'] },
  Firefox: { there: () => which('firefox-esr') ?? which('firefox'), packages: ['firefox-esr'] },
  WebKitGTK: { there: () => which('WebKitWebDriver'), packages: ['webkit2gtk-driver'] },
  Xvfb: { there: () => which('Xvfb'), packages: ['xvfb'] }, // WebKitGTK does not run without a display
};

export const forBuilding = ['cmake', 'ninja', 'python'];
export const forNativeTesting = [...forBuilding, 'a C++ compiler', 'GoogleTest'];
export const forNativeFuzzing = ['cmake', 'ninja', 'GoogleTest', 'Clang'];
export const forTesting = [...forNativeTesting, 'Chromium', 'Firefox', 'WebKitGTK', 'Xvfb'];

/**
 * Makes sure that `names` are installed: as root on Debian or Ubuntu by installing them, otherwise by an error that lists
 * them.
 */
export function need(names) {
  const missing = names.filter((name) => !requirements[name].there());
  if (missing.length === 0) return;

  const packages = missing.flatMap((name) => requirements[name].packages);
  const command = `apt-get install --yes --no-install-recommends ${packages.join(' ')}`;
  if (!which('apt-get') || process.getuid() !== 0) {
    throw new Failure(
      `This needs ${missing.join(', ')}: install it first (on Debian or Ubuntu: sudo ${command}).`,
    );
  }
  console.error(`Installing what is missing (${missing.join(', ')}): ${command}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update'], { env, quiet: true });
  run('apt-get', command.split(' ').slice(1), { env, quiet: true });

  const still = missing.filter((name) => !requirements[name].there());
  if (still.length > 0)
    throw new Failure(`${packages.join(' ')} is installed, but ${still.join(', ')} is not found.`);
}
