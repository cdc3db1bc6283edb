// What the build provides beside the sources.

/** A variant's glue, as Emscripten makes it. */
declare module '*/vit.relaxed.js' {
  const glue: import('../engine/bindings.js').Glue;
  export default glue;
}
declare module '*/vit.simd.js' {
  const glue: import('../engine/bindings.js').Glue;
  export default glue;
}

/** The glue of the variant that worker.ts is being bundled for. */
declare module 'vit-wasm-glue' {
  const glue: import('../engine/bindings.js').Glue;
  export default glue;
}

/** The glue of a variant, to become part of the script. */
declare module 'vit-wasm-glues/*.js' {
  const glue: import('../engine/bindings.js').Glue;
  export default glue;
}

/** A file that the build compressed by gzip and wrote in base64. */
declare module 'vit-wasm-packed/*.gz' {
  const base64: string;
  export default base64;
}

/** The built-in model's weights in base64. */
declare module '*/model.safetensors' {
  const base64: string;
  export default base64;
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
