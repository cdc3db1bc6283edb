import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
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
export async function launchChromium(flags = []) {
  const browser = await chromium.launch({ executablePath: which('chromium'), args: [...headless, ...flags] });
  return {
    name: 'Chromium',
    version: browser.version(),
    newPage: () => browser.newPage(),
    close: () => browser.close(),
  };
}

/** Starts it with a profile that lies in `folder`, as a visitor's does from one visit to the next. */
export async function launchWithProfile(folder) {
  const browser = await puppeteer.launch({
    executablePath: which('chromium'),
    userDataDir: folder,
    args: headless,
    headless: true,
  });
  return {
    newPage: () => browser.newPage(),
    newSession: () => browser.target().createCDPSession(),
    close: () => browser.close(),
  };
}
