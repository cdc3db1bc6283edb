import { hasCode, messageOf, VitError } from '../errors.js';
import { checkIsOptions, checkOptions, checkRegion, checkSignal, pictureOptions, wrong } from '../options.js';
import { limited } from '../patience.js';
import { attentionRequest, classifyRequest, embedRequest, tokensRequest } from '../requests.js';
import { shown } from '../shown.js';
import type { ModelInfo, PictureOptions, WatchVerb } from '../types.js';

const requests: Partial<Record<WatchVerb, (options: object, info: ModelInfo) => unknown>> = {
  classify: (options, info) => classifyRequest(options, () => info)(),
  embed: embedRequest,
  tokens: tokensRequest,
  attention: attentionRequest,
};

/** Rejects options that a verb would refuse for every picture. */
function checkRequest(verb: WatchVerb, options: PictureOptions, info: ModelInfo): void {
  const request = requests[verb];
  if (request) request(options, info);
  else checkOptions(options, pictureOptions, verb);
  checkRegion(options.region);
}

/**
 * What watching uses of the entry's own code. It is handed over at the call: an import would make the build cut that
 * code into two chunks, which together are 1.3 KB larger (Brotli) for every page, watching or not.
 */
export const kit = {
  VitError,
  hasCode,
  messageOf,
  checkIsOptions,
  checkRequest,
  checkSignal,
  wrong,
  limited,
  shown,
};

export type Kit = typeof kit;
