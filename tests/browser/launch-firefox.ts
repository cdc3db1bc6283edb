import puppeteer, { type Browser } from 'puppeteer-core';

import { onPath } from './programs.js';

/** Starts the Firefox of this machine, with preferences of `about:config`. */
export function launchFirefox(extraPrefsFirefox: Record<string, boolean> = {}): Promise<Browser> {
  const executablePath = onPath('firefox-esr', 'firefox');
  return puppeteer.launch({ browser: 'firefox', executablePath, headless: true, extraPrefsFirefox });
}
