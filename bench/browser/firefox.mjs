import puppeteer from 'puppeteer-core';
import { which } from '../../scripts/shell.mjs';

/** Starts the machine's Firefox with an empty profile. */
export async function launchFirefox() {
  const executablePath = which('firefox-esr') ?? which('firefox');
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath, headless: true });
  const [, version] = (await browser.version()).split('/');
  return { name: 'Firefox', version, newPage: () => newPage(browser), close: () => browser.close() };
}

/** A page that is in front whenever it is asked something: in others, Firefox lets timers wait for a second. */
async function newPage(browser) {
  const page = await browser.newPage();
  return {
    on: (event, listener) => page.on(event, listener),
    goto: (address) => page.goto(address),
    async evaluate(...what) {
      await page.bringToFront();
      return await page.evaluate(...what);
    },
    close: () => page.close(),
  };
}
