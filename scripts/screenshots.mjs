// Takes the pictures of the demo that the README and the documentation show, of the demo as it is now:
//
//   node scripts/screenshots.mjs     needs Chromium, and Python with Pillow
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchChromium } from '../bench/browser/chromium.mjs';
import { build } from './build.mjs';
import { serve } from './serve.mjs';
import { main, root, run } from './shell.mjs';

const [width, height] = [1100, 740];
/** What the clip shows: the picture, and beside it the switches. */
const clip = { x: 15, y: 158, width: width - 30, height: 570 };

/** A page on the photograph of a cat, looking inside. */
async function open(browser, origin, hash) {
  const page = await browser.newPage();
  await page.setViewportSize({ width, height });
  await page.goto(`${origin}/#sample=cat&tab=look${hash}`);
  await page.waitForSelector('#look-text:not(:empty)');
  // Many machines have no font for the other language's name.
  await page.locator('#language').evaluate((button) => (button.style.visibility = 'hidden'));
  return page;
}

const told = (page, text) => page.waitForSelector(`#look-text:has-text("${text}")`);

/** The clip: attention layer by layer, then why. */
async function film(browser, origin, folder) {
  const page = await open(browser, origin, '');
  const frames = [];
  const shoot = async (duration) => {
    const path = join(folder, `${frames.length}.png`);
    await page.screenshot({ path, clip, animations: 'disabled' });
    frames.push(`${path}:${duration}`);
  };
  const layers = Number(await page.getAttribute('#layer', 'max'));
  for (let layer = 1; layer <= layers; layer++) {
    await page.locator('#layer').fill(`${layer}`);
    await page.locator('#layer').blur();
    await told(page, `layer ${layer} of ${layers}`);
    await shoot(layer === layers ? 1800 : 450);
  }
  await page.getByRole('radio', { name: 'Why?' }).check({ force: true });
  await told(page, 'speak for');
  await shoot(2200);
  await page.close();
  run('python3', [join(root, 'scripts/clip.py'), join(root, 'docs/overlay.gif'), ...frames]);
}

await main(import.meta, async () => {
  build();
  const folder = mkdtempSync(join(tmpdir(), 'vit-wasm-screenshots-'));
  const server = await serve(0);
  const browser = await launchChromium();
  try {
    const origin = `http://localhost:${server.address().port}`;
    await film(browser, origin, folder);
    const page = await open(browser, origin, '');
    await told(page, 'layer 7 of 7');
    const path = join(folder, 'screenshot.png');
    await page.screenshot({ path, animations: 'disabled' });
    run('python3', [join(root, 'scripts/clip.py'), join(root, 'examples/demo/screenshot.png'), `${path}:0`]);
  } finally {
    await browser.close();
    server.close();
    rmSync(folder, { recursive: true });
  }
});
