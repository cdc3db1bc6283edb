import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Builder, Capabilities, type WebDriver } from 'selenium-webdriver';

import { onPath } from './programs.js';

/** WebKitGTK's small browser, where Debian has it. */
const miniBrowser = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';

/** A running WebKit: JavaScriptCore, the engine of Safari. */
export interface WebKit {
  /** Opens an address, and runs a function of it there. `body` is taken as text: it sees nothing but its argument. */
  evaluate<Argument, Result>(
    address: string,
    body: (argument: Argument) => Promise<Result>,
    argument: Argument,
  ): Promise<Result>;
  close(): Promise<void>;
}

/** Starts WebKit on a display of its own. `environment` can switch on what is off by default. */
export async function startWebKit(environment: Readonly<Record<string, string>> = {}): Promise<WebKit> {
  const screen = spawn(onPath('Xvfb'), ['-displayfd', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const [display] = (await once(screen.stdio[3] as NodeJS.ReadableStream, 'data')) as [Buffer];
  const port = await freePort();
  const server = spawn(onPath('WebKitWebDriver'), [`--port=${port}`, '--host=127.0.0.1'], {
    stdio: 'ignore',
    env: { ...process.env, DISPLAY: `:${display.toString().trim()}`, ...environment },
  });
  const end = () => [server, screen].forEach((child: ChildProcess) => child.kill());
  let driver: WebDriver;
  try {
    await answering(port);
    driver = await connect(port);
  } catch (error) {
    end();
    throw error;
  }
  await driver.manage().setTimeouts({ script: 50_000 });
  return {
    async evaluate(address, body, argument) {
      await driver.get(address);
      const script = `const done = arguments[1];
        (${body.toString()})(arguments[0]).then(
          (result) => done({ result }),
          (error) => done({ error: String(error) }),
        );`;
      const outcome: { result?: never; error?: string } = await driver.executeAsyncScript(script, argument);
      if (outcome.error !== undefined) throw new Error(outcome.error);
      return outcome.result as never;
    },
    async close() {
      await driver.quit();
      end();
    },
  };
}

function connect(port: number): Promise<WebDriver> {
  const capabilities = new Capabilities({
    browserName: 'MiniBrowser',
    'webkitgtk:browserOptions': { binary: miniBrowser, args: ['--automation'] },
  });
  return new Builder().usingServer(`http://127.0.0.1:${port}`).withCapabilities(capabilities).build();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Until the driver listens. */
async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const up = await fetch(`http://127.0.0.1:${port}/status`).then(
      () => true,
      () => false,
    );
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('WebKitWebDriver does not answer.');
}
