// The Compare tab: another model beside the one in use, a benchmark on this machine, and figures that were measured.
import { create } from '../dom.js';
import { benchmark } from './benchmark.js';
import { peers } from './peers.js';
import { sides } from './sides.js';

export function start(panel) {
  panel.append(create('div', { className: 'stack' }, ...sides(), ...benchmark(), ...peers()));
}
