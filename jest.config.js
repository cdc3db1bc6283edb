/** Jest runs ES modules as Node does; only the types are taken off. */
export default {
  roots: ['<rootDir>/tests'],
  testMatch: ['**/*.test.ts'],
  setupFilesAfterEnv: ['<rootDir>/tests/cache-folder.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' } },
    ],
  },
  moduleNameMapper: {
    // TypeScript names the file that will be there; here the source stands in for it.
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^vit-wasm$': '<rootDir>/dist/node.js',
  },
  // A browser starts, or a full-size model runs, within this; nothing else comes near.
  testTimeout: 60_000,
};
