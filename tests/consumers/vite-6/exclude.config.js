// Vite 5 to 7 move a dependency's scripts into a cache while developing, but not the files beside them.
export default { optimizeDeps: { exclude: ['vit-wasm'] } };
