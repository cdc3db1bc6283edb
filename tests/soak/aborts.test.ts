// A hundred of the loads that `npm run soak -- --aborts 1000` aborts.
import { expect, it } from '@jest/globals';
import { load } from 'vit-wasm';

import { abortLoads } from './aborts.js';

it('a load aborted at any moment rejects at once and leaves nothing behind', async () => {
  const { aborted, loaded, slowest, faults } = await abortLoads(load, 100, 13);
  expect(faults).toEqual([]);
  expect(aborted + loaded).toBe(100);
  expect(aborted).toBeGreaterThan(30);
  expect(loaded).toBeGreaterThan(10);
  expect(slowest).toBeLessThan(3000);
});
