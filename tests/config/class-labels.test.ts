import { describe, expect, it } from '@jest/globals';

import { labelsOf } from '../../web/checkpoint/config/class-labels.js';
import { tinyConfig } from '../web/tiny-checkpoint.js';

describe('the labels of a config', () => {
  it('are those of id2label', () => {
    expect(labelsOf(tinyConfig, 3, undefined, 'config.json')).toEqual(['apple', 'pear', 'plum']);
  });

  it('are numbered where there are none', () => {
    expect(labelsOf({}, 2, undefined, 'config.json')).toEqual(['class 0', 'class 1']);
  });

  it('are those given, if they are as many as the classes', () => {
    expect(labelsOf(tinyConfig, 3, ['a', 'b', 'c'], 'config.json')).toEqual(['a', 'b', 'c']);
    expect(() => labelsOf(tinyConfig, 3, ['a'], 'config.json')).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: '1 labels were given, but the model has 3 classes.',
      }),
    );
  });

  it('are refused when they are not as many as the classes', () => {
    expect(() => labelsOf(tinyConfig, 10, undefined, 'config.json')).toThrow(
      expect.objectContaining({ code: 'config', message: expect.stringContaining('names 3 classes') }),
    );
    expect(() => labelsOf({ id2label: ['a'] }, 1, undefined, 'config.json')).toThrow(
      expect.objectContaining({ code: 'config', message: expect.stringContaining('id2label') }),
    );
  });

  it('are none where there is no head, whatever the config names', () => {
    expect(labelsOf(tinyConfig, 0, undefined, 'config.json')).toEqual([]);
  });
});
