import { chromium } from 'playwright-core';
import { which } from '../../scripts/shell.mjs';

/** What a machine without a display, a user's session or a network needs. Nothing here changes how WebAssembly runs. */
const headless = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the machine's Chromium with an empty profile. `flags` are added to the command line. */
export function launchChromium(flags = []) {
  return chromium.launch({ executablePath: which('chromium'), args: [...headless, ...flags] });
}

/** Opens an empty page and imports `script` of page/, which leaves its functions for `call`. */
export async function openPage(browser, origin, script) {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(`In the page: ${error.message}`));
  await page.goto(`${origin}/page/index.html`);
  await page.evaluate((url) => import(url), `/page/${script}`);
  return page;
}

/** Calls one of the functions that the page's script left in `globalThis.participant`. */
export function call(page, name, argument) {
  return page.evaluate(([name, argument]) => globalThis.participant[name](argument), [name, argument]);
}
