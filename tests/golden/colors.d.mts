import type { FewShot, Model, RawImage } from 'vit-wasm';

export const asked: RawImage;
export function taughtColors(model: Model): Promise<FewShot>;
