// WebKitGTK's small browser: JavaScriptCore, the engine of Safari, on a display of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { Builder, Capabilities } from 'selenium-webdriver';

/** Where Debian has it. */
const miniBrowser = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';
const port = 4477;

/** Starts it. Its pages are tabs, of which the one that is asked something comes to the front. */
export async function launchWebKit() {
  const screen = spawn('Xvfb', ['-displayfd', '3'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const [display] = await once(screen.stdio[3], 'data');
  const env = { ...process.env, DISPLAY: `:${display.toString().trim()}` };
  const server = spawn('WebKitWebDriver', [`--port=${port}`, '--host=127.0.0.1'], { stdio: 'ignore', env });
  const end = () => [server, screen].forEach((child) => child.kill());
  try {
    const driver = await connect();
    const version = (await driver.getCapabilities()).getBrowserVersion();
    const first = await driver.getWindowHandle();
    const newPage = async () => {
      await driver.switchTo().window(first); // the one before may be closed
      return await newTab(driver);
    };
    const close = async () => {
      await driver.quit();
      end();
    };
    return { name: 'WebKitGTK', version, newPage, close };
  } catch (error) {
    end();
    throw error;
  }
}

async function connect(tries = 50) {
  const capabilities = new Capabilities({
    browserName: 'MiniBrowser',
    'webkitgtk:browserOptions': { binary: miniBrowser, args: ['--automation'] },
  });
  try {
    const driver = await new Builder()
      .usingServer(`http://127.0.0.1:${port}`)
      .withCapabilities(capabilities)
      .build();
    await driver.manage().setTimeouts({ script: 300_000 });
    return driver;
  } catch (error) {
    if (tries === 0) throw error;
    await wait(100); // until it listens
    return await connect(tries - 1);
  }
}

/** A page as the other browsers' libraries have it, as far as the benchmark needs. */
async function newTab(driver) {
  await driver.switchTo().newWindow('tab');
  const handle = await driver.getWindowHandle();
  const inFront = () => driver.switchTo().window(handle);
  return {
    on: () => undefined,
    async goto(address) {
      await inFront();
      await driver.get(address);
    },
    async evaluate(body, argument) {
      await inFront();
      const script = `const done = arguments[1];
        Promise.resolve((${body})(arguments[0])).then(
          (result) => done({ result }),
          (error) => done({ error: String(error) }),
        );`;
      const { error, result } = await driver.executeAsyncScript(script, argument);
      if (error !== undefined) throw new Error(error);
      return result;
    },
    async close() {
      await inFront();
      await driver.close();
    },
  };
}
