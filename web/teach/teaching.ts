// What is loaded when a classifier is made, as one chunk.
export { restore } from './restore.js';
export { Teacher } from './teacher.js';
