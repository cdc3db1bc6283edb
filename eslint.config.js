import js from '@eslint/js';
import globals from 'globals';
import typescript from 'typescript-eslint';

export default typescript.config(
  { ignores: ['build/', 'dist/', '.toolchain/', '**/dist/', '**/node_modules/'] },
  js.configs.recommended,
  // File formats are known by their first bytes, and those are often control characters.
  { rules: { 'no-control-regex': 'off' } },
  {
    // Examples in TypeScript are checked by their own build, where what they import is installed.
    files: ['web/**/*.ts', 'cli/**/*.ts', 'tests/**/*.ts'],
    extends: [typescript.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
  },
  {
    files: [
      'scripts/**',
      '**/*.config.js',
      'bench/**/*.mjs',
      'tests/golden/*.mjs',
      'examples/node/**',
      'tests/consumers/plain/**',
    ],
    languageOptions: { globals: globals.node },
  },
  {
    files: ['examples/**/*.js', 'bench/page/**/*.js', 'tests/browser/page/**/*.js', 'tests/consumers/*/*.js'],
    ignores: ['examples/node/**', '**/*.config.js'],
    languageOptions: { globals: globals.browser },
  },
);
