import type { JsonObject } from '../files/json.js';

/** The license that config.json names, as timm writes it. The Hub's model cards name one, too, but nothing else of them is needed. */
export function licenseOf(config: JsonObject): string | undefined {
  const { license, pretrained_cfg } = config as { license?: unknown; pretrained_cfg?: { license?: unknown } };
  const named = pretrained_cfg?.license ?? license;
  return typeof named === 'string' ? named : undefined;
}
