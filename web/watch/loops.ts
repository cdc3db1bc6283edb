// The loops over many pictures, in a file of their own that is fetched when the first of them begins.
export { each } from './each.js';
export { watch } from './watch.js';
