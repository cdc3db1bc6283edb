// What is loaded when a classifier is made, in one piece.
export { restore } from './restore.js';
export { Teacher } from './teacher.js';
