// What TypeScript says of code that uses the package as it was built.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Every entry of the package by the name that users import it by. */
const exported = (
  JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, { types?: string }>;
  }
).exports;
const entries = Object.entries(exported).flatMap(([name, { types }]) =>
  types === undefined ? [] : [[name.replace('.', 'vit-wasm'), join(root, types)] as const],
);

/**
 * What TypeScript says of sources, by their names; nothing where they are right. They are under the strictest usual
 * settings, but for `others`.
 */
export function complaintsOf(
  sources: Readonly<Record<string, string>>,
  others: ts.CompilerOptions = {},
): Record<string, string> {
  const options: ts.CompilerOptions = {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleDetection: ts.ModuleDetectionKind.Force,
    jsx: ts.JsxEmit.ReactJSX,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'],
    types: [],
    paths: Object.fromEntries(entries.map(([name, types]) => [name, [types]])),
    ...others,
  };
  const host = ts.createCompilerHost(options);
  const texts = new Map(Object.entries(sources).map(([name, text]) => [join(root, name), text]));
  const fileExists = host.fileExists.bind(host);
  const getSourceFile = host.getSourceFile.bind(host);
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.getSourceFile = (path, ...rest) => {
    const text = texts.get(path);
    return text === undefined
      ? getSourceFile(path, ...rest)
      : ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  const found: Record<string, string> = {};
  for (const { file, start = 0, messageText } of ts.getPreEmitDiagnostics(program)) {
    const name = file?.fileName.slice(root.length) ?? 'options';
    const line = file?.text.slice(0, start).split('\n').length ?? 0;
    found[name] = `${found[name] ?? ''}${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}\n`;
  }
  return found;
}

/** What is around an example. */
