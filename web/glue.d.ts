// What the build provides beside the sources.

/** A variant's glue, as Emscripten makes it. */
declare module '*/vit.relaxed.js' {
  const glue: import('./module.js').Glue;
  export default glue;
}
declare module '*/vit.simd.js' {
  const glue: import('./module.js').Glue;
  export default glue;
}

/** The glue of the variant that worker.ts is being bundled for. */
declare module 'vit-wasm-glue' {
  const glue: import('./module.js').Glue;
  export default glue;
}

/** The built-in model's configuration, which esbuild inlines. */
declare module '*/config.json' {
  const value: object;
  export default value;
}
declare module '*/preprocessor_config.json' {
  const value: object;
  export default value;
}
