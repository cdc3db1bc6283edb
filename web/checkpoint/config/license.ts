import type { JsonObject } from '../files/json.js';

/** The license in config.json, where timm writes it. (Model cards on the Hub name one too, but are not downloaded.) */
export function licenseOf(config: JsonObject): string | undefined {
  const { license, pretrained_cfg } = config as { license?: unknown; pretrained_cfg?: { license?: unknown } };
  const named = pretrained_cfg?.license ?? license;
  return typeof named === 'string' ? named : undefined;
}
