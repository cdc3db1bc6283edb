// What every consumer of the package is put through: installed, built, served, opened in Chromium, compared with Node.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';

import type { Variant } from '../../web/types.js';
import { chromiumFlags, launchChromium } from '../browser/chromium.js';
import { startServer, type Route, type Server } from '../browser/server.js';
import { fixtures } from '../golden/fixtures.js';
import { chooseNoPicture, choosePicture } from './picture-file.js';
import { install, type Project } from './project.js';
import { expectAnswersOfNode, visit, type Visit } from './visit.js';

/** A project that uses the package, and how its page comes about. */
export interface Consumer {
  readonly name: string;
  /** Folders whose files make the project, from the top of the repository. */
  readonly sources: readonly string[];
  /** The script that has to run before the page is served. */
  readonly build?: string;
  /** Serves the page: the project's folders by the prefix of their addresses, or a tool's own server. */
  readonly serve: Readonly<Record<string, string>> | ((project: Project) => Promise<Site>);
  /** Headers of what is served from folders. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Where the page is; `/` if absent. */
  readonly path?: string;
  /** What its server puts into the page, if it renders it. */
  readonly renders?: string;
  /** The build that runs; `relaxed` if absent. */
  readonly variant?: Variant;
  /** Whether the wasm is a file of its own, rather than inlined. */
  readonly wasmFile: boolean;
}

/** What serves a page. */
export interface Site {
  readonly origin: string;
  end(): void;
}

/** Chromium, the plain project that gives Node's answers, and a server of models, for the tests of a file. */
export interface Surroundings {
  readonly context: () => Promise<BrowserContext>;
  readonly plain: () => Project;
  readonly models: () => Server;
}

const models = new URL('models/', fixtures);
/** A model other than the built-in one. */
const other = '/models/three-blocks/';

export function surroundings(flags: readonly string[] = chromiumFlags): Surroundings {
  let browser: Browser;
  let plain: Project;
  let server: Server;
  beforeAll(async () => {
    browser = await launchChromium(flags);
    plain = await install('tests/consumers/plain');
    server = await startServer({ '/models/': models }, { 'Access-Control-Allow-Origin': '*' });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
  return { context: () => browser.newContext(), plain: () => plain, models: () => server };
}

/** The tests of a consumer whose page is made of `page/`: it loads the built-in model or the one its address names. */
export function testConsumer(consumer: Consumer, { context, plain, models: server }: Surroundings): void {
  const { name, serve, path = '/', variant = 'relaxed', wasmFile } = consumer;
  describe(name, () => {
    const site = siteOf(consumer);
    const open = async (query = '') => visit(await context(), `${site().origin}${path}${query}`);

    it('answers as Node does, from files that are all there', async () => {
      const visited = await open();
      await expectAnswersOfNode(visited.page, plain());
      expect(await visited.page.title()).toMatch(new RegExp(`^${variant}, `));
      expectFiles(visited, wasmFile);
      await visited.page.context().close();
    });

    it('leaves the built-in model alone where another is loaded', async () => {
      // A policy may forbid another origin, and a tool's own server has no models.
      const origin = typeof serve === 'object' ? site().origin : server().origin;
      const visited = await open(`?model=${origin}${other}`);
      await expectAnswersOfNode(visited.page, plain(), fileURLToPath(new URL(`.${other}`, fixtures)));
      const weights = visited.responses
        .map(({ url }) => url)
        .filter((url) => /safetensors|builtin/.test(url));
      expect(weights).toEqual([`${origin}${other}model.safetensors`]);
      await visited.page.context().close();
    });
  });
}

/** The tests of an example, whose page has to be used before it answers; if nothing is said, by choosing a picture. */
export function testExample(
  consumer: Consumer,
  { context, plain }: Surroundings,
  use: (page: Page) => Promise<void> = choosePicture,
): void {
  describe(consumer.name, () => {
    const site = siteOf(consumer);
    const address = () => `${site().origin}${consumer.path ?? '/'}`;

    it('answers as Node does, from files that are all there', async () => {
      const visited = await visit(await context(), address());
      await use(visited.page);
      await expectAnswersOfNode(visited.page, plain());
      expectFiles(visited, consumer.wasmFile);
      await visited.page.context().close();
    });

    if (use === choosePicture) {
      it('says what is wrong with a file, and answers about the next', async () => {
        const { page } = await visit(await context(), address());
        await chooseNoPicture(page);
        await page.waitForSelector('[role=alert]:not(:empty)');
        await choosePicture(page);
        await page.waitForSelector('li meter');
        await expectAnswersOfNode(page, plain());
        await page.context().close();
      });
    }

    if (consumer.renders === undefined) return;
    it('renders on the server', async () => {
      const response = await fetch(address());
      expect(response.status).toBe(200);
      expect(await response.text()).toContain(consumer.renders);
    });
  });
}

/** Builds and serves before the tests of the surrounding block, and ends the server after them. */
export function siteOf({ sources, build, serve, headers }: Consumer): () => Site {
  let site: Site | undefined;
  beforeAll(async () => {
    const project = await install(...sources);
    if (build) await project.run(build);
    site = typeof serve === 'function' ? await serve(project) : await serveFolders(project, serve, headers);
  });
  afterAll(() => site?.end());
  return () => site!;
}

async function serveFolders(
  { folder }: Project,
  folders: Readonly<Record<string, string>>,
  headers?: Readonly<Record<string, string>>,
): Promise<Site> {
  const routes = Object.entries(folders).map(([prefix, name]): [string, Route] => {
    return [prefix, pathToFileURL(`${folder}/${name}/`)];
  });
  const server = await startServer({ '/models/': models, ...Object.fromEntries(routes) }, headers);
  return { origin: server.origin, end: () => void server.close() };
}

/** Everything that was asked for was there, the wasm among it if it is a file. */
function expectFiles({ responses, errors }: Visit, wasmFile: boolean): void {
  expect(errors).toEqual([]);
  expect(responses.filter(({ status }) => status >= 400)).toEqual([]);
  const wasm = responses.filter(({ url }) => /\.wasm(\?|$)/.test(url));
  expect(wasm.map(({ type }) => type)).toEqual(wasmFile ? ['application/wasm'] : []);
}
