// What workers fetch for models that need it, as a script of its own; see runtime/fetch-rare.ts.
import { place } from './runtime/fetch-rare.js';
import * as rare from './runtime/rare.js';

Object.assign(self, { [place]: rare });
