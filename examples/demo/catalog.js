// The models that the page offers by a button.
import { deitTinyIsHere } from './site.js';

/**
 * `location`: what `load` is called with. `megabytes`: what is downloaded; of a model that takes words, the rows of its table
 * of tokens that occur are hardly anything. `accuracy`: of our own models as measured on
 * Tiny ImageNet, of the others as published, on ImageNet unless `measured` says that its authors took pictures of their
 * own. `words`: it takes its classes in words.
 */
export const catalog = [
  {
    id: 'builtin',
    location: 'builtin',
    name: 'Built-in',
    knows: '200 everyday things',
    accuracy: '63.5 %',
    measured: 'top-1',
    license: 'MIT',
    megabytes: 3.4,
  },
  {
    id: 'glance',
    location: './models/first-glance/',
    name: 'First glance',
    knows: '22 kinds of things',
    accuracy: '54.7 %',
    measured: 'top-1',
    license: 'MIT',
    megabytes: 0.26,
    stored: 'int8',
  },
  {
    id: 'deit-tiny',
    location: deitTinyIsHere ? './models/deit-tiny-int8/' : 'facebook/deit-tiny-patch16-224',
    name: 'DeiT-Tiny',
    knows: '1,000 things (ImageNet)',
    accuracy: '72.2 %',
    measured: 'top-1',
    license: 'Apache 2.0',
    megabytes: deitTinyIsHere ? 6.2 : 23,
    stored: deitTinyIsHere ? 'int8' : undefined,
  },
  {
    id: 'vit-base',
    location: 'google/vit-base-patch16-224',
    name: 'ViT-Base',
    knows: '1,000 things (ImageNet)',
    accuracy: '81.8 %',
    measured: 'top-1',
    license: 'Apache 2.0',
    megabytes: 346,
  },
  {
    id: 'dinov2',
    location: 'facebook/dinov2-small',
    name: 'DINOv2 Small',
    knows: 'no classes: look inside, teach',
    accuracy: '81.1 %',
    measured: 'linear',
    license: 'Apache 2.0',
    megabytes: 88,
  },
  {
    id: 'dinov3',
    location: 'timm/vit_small_patch16_dinov3.lvd1689m',
    name: 'DINOv3 Small',
    knows: 'no classes: look inside, teach',
    license: 'DINOv3',
    megabytes: 86,
  },
  {
    id: 'tinyclip',
    location: 'wkcn/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M',
    name: 'TinyCLIP',
    knows: 'whatever you write',
    accuracy: '41.1 %',
    measured: 'zero-shot',
    license: 'MIT',
    megabytes: 45,
    words: true,
  },
  {
    id: 'clip',
    location: 'openai/clip-vit-base-patch32',
    name: 'CLIP',
    knows: 'whatever you write',
    accuracy: '63.2 %',
    measured: 'zero-shot',
    license: 'MIT',
    megabytes: 506,
    words: true,
  },
  {
    id: 'nsfw',
    location: 'Falconsai/nsfw_image_detection',
    name: 'NSFW detector',
    knows: 'safe or not for work',
    accuracy: '98 %',
    measured: 'by its authors',
    license: 'Apache 2.0',
    megabytes: 343,
  },
  {
    id: 'ai-or-real',
    location: 'dima806/ai_vs_real_image_detection',
    name: 'AI-image detector',
    knows: 'made by AI, or real',
    accuracy: '98 %',
    measured: 'by its authors',
    license: 'Apache 2.0',
    megabytes: 343,
  },
];

/** The entry that the link or a button names. */
export const named = (id) => catalog.find((entry) => entry.id === id);

/** What answers before the built-in model is loaded: an entry of its own, for nobody has chosen it. */
export const glance = { ...named('glance') };
