import { afterAll, beforeAll } from '@jest/globals';
import puppeteer, { type Browser as Firefox } from 'puppeteer-core';

import { launchChromium, usualRoutes } from './chromium.js';
import { onPath } from './programs.js';
import { startServer, type Route, type Server } from './server.js';
import { startWebKit } from './webkit.js';

/** The three engines that browsers are made of. */
export const engines = ['Chromium', 'Firefox', 'WebKit'] as const;
export type EngineName = (typeof engines)[number];

/** Runs a function in an empty page of its own. It is passed as text: it sees nothing but its argument. */
export type InPage = <Argument, Result>(
  body: (argument: Argument) => Promise<Result>,
  argument: Argument,
) => Promise<Result>;

interface Running {
  evaluate: (address: string) => InPage;
  close(): Promise<unknown>;
}

/** `environment` is WebKit's. */
const start: Record<EngineName, (environment: Readonly<Record<string, string>>) => Promise<Running>> = {
  async Chromium() {
    const browser = await launchChromium();
    const evaluate =
      (address: string): InPage =>
      async (body, argument) => {
        const page = await browser.newPage();
        await page.goto(address);
        try {
          return await page.evaluate<never, never>(body as never, argument as never);
        } finally {
          await page.close();
        }
      };
    return { evaluate, close: () => browser.close() };
  },

  async Firefox() {
    const executablePath = onPath('firefox-esr', 'firefox');
    const browser: Firefox = await puppeteer.launch({ browser: 'firefox', executablePath, headless: true });
    const evaluate =
      (address: string): InPage =>
      async (body, argument) => {
        const page = await browser.newPage();
        await page.goto(address);
        try {
          const result: unknown = await page.evaluate(body as never, argument as never);
          return result as never;
        } finally {
          await page.close();
        }
      };
    return { evaluate, close: () => browser.close() };
  },

  async WebKit(environment) {
    const webkit = await startWebKit(environment);
    const evaluate =
      (address: string): InPage =>
      async (body, argument) =>
        await webkit.evaluate(address, body, argument);
    return { evaluate, close: () => webkit.close() };
  },
};

/** Starts one engine and a server for the tests of a description, and ends both afterwards. */
export function inEngine(
  name: EngineName,
  routes: Readonly<Record<string, Route>> = usualRoutes,
  headers: Readonly<Record<string, string>> = {},
  environment: Readonly<Record<string, string>> = {},
): InPage {
  let server: Server;
  let running: Running;
  beforeAll(async () => {
    server = await startServer(routes, headers);
    running = await start[name](environment);
  });
  afterAll(async () => {
    await running?.close();
    await server?.close();
  });
  return (body, argument) => running.evaluate(`${server.origin}/page/`)(body, argument);
}
