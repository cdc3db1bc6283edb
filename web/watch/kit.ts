import { hasCode, messageOf, VitError } from '../errors.js';
import { checkClassifyOptions, checkIsOptions, checkSignal, wrong } from '../options.js';
import { limited } from '../patience.js';
import { shown } from '../shown.js';

/**
 * What watching uses of the entry's own code. It is handed over at the call: an import would make the build cut that
 * code into two chunks, which together are 1.3 KB larger (Brotli) for every page, watching or not.
 */
export const kit = {
  VitError,
  hasCode,
  messageOf,
  checkClassifyOptions,
  checkIsOptions,
  checkSignal,
  wrong,
  limited,
  shown,
};

export type Kit = typeof kit;
