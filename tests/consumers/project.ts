// Installs the packed package into projects of its users, and runs their tools.
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));
/**
 * Not within the repository, whose tsconfig.json, lock file and node_modules tools would find above the project. It
 * stays there, so that a next run has less to fetch.
 */
const ground = join(tmpdir(), `vit-wasm-consumers-${sha256(root)}`);

/** A program that answers at an address until it is ended. */
export interface Running {
  readonly origin: string;
  end(): void;
}

/** A project with the package installed from its tarball. */
export interface Project {
  /** Its folder. */
  readonly folder: string;
  /** Runs a script of its package.json; when it fails, the error holds what was printed. */
  run(script: string): Promise<void>;
  /** Starts a script that serves, on a free port that `flags` name; resolves when it answers. */
  start(script: string, flags: (port: number) => string[]): Promise<Running>;
}

/** Copies the sources (folders, from the top of the repository) over one another into one project and installs it. */
export async function install(...sources: string[]): Promise<Project> {
  // Test files that run at the same time keep out of each other's way.
  const folder = join(
    ground,
    `${sources.join('+').replaceAll('/', '-')}-${process.env.JEST_WORKER_ID ?? ''}`,
  );
  await mkdir(folder, { recursive: true });
  for (const entry of await readdir(folder)) {
    if (entry !== 'node_modules') await rm(join(folder, entry), { recursive: true });
  }
  for (const source of sources) await cp(join(root, source), folder, { recursive: true, filter: isSource });

  const manifest = join(folder, 'package.json');
  const wanted = (await readFile(manifest, 'utf8')).replace(
    /"vit-wasm": "[^"]*"/,
    `"vit-wasm": "file:${await packed()}"`,
  );
  await writeFile(manifest, wanted);
  await npmInstall(folder, wanted);
  return {
    folder,
    run: async (script) => void (await npm(folder, 'run', '--silent', script)),
    start: (script, flags) => start(folder, script, flags),
  };
}

/** Not what somebody has installed or built in an example. */
function isSource(path: string): boolean {
  return !/[/](node_modules|dist|\.next)$/.test(path);
}

/** Skipped where the very same was installed before: the tarball's name changes with what it holds. */
async function npmInstall(folder: string, manifest: string): Promise<void> {
  const stamp = join(folder, 'node_modules/.installed');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === manifest) return;
  await npm(folder, 'install', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund');
  await writeFile(stamp, manifest);
}

let packing: Promise<string> | undefined;

/** The package as npm would publish it. */
function packed(): Promise<string> {
  return (packing ??= pack());
}

async function pack(): Promise<string> {
  await mkdir(ground, { recursive: true });
  const folder = await mkdtemp(join(ground, 'packing-'));
  await npm(root, 'pack', '--silent', '--pack-destination', folder);
  const [name] = await readdir(folder);
  const hash = sha256(await readFile(join(folder, name)));
  const tarball = join(ground, name.replace('.tgz', `-${hash}.tgz`));
  await rename(join(folder, name), tarball);
  await rm(folder, { recursive: true });
  return tarball;
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 12);
}

/** As a user's shell has it: Jest says "test" in NODE_ENV, which tools take for a wish. */
function environment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, CI: '1', NEXT_TELEMETRY_DISABLED: '1' };
  delete env.NODE_ENV;
  return env;
}

async function npm(cwd: string, ...args: string[]): Promise<string> {
  try {
    const options = { cwd, env: environment(), maxBuffer: 1 << 28 };
    return (await promisify(execFile)('npm', args, options)).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`npm ${args.join(' ')} failed in ${cwd}:\n${stdout}${stderr}`, { cause: error });
  }
}

async function start(folder: string, script: string, flags: (port: number) => string[]): Promise<Running> {
  const port = await freePort();
  const options = { cwd: folder, env: environment(), detached: true } as const;
  const program = spawn('npm', ['run', '--silent', script, '--', ...flags(port)], options);
  let said = '';
  let ended = false;
  program.stdout.on('data', (text: Buffer) => (said += text.toString()));
  program.stderr.on('data', (text: Buffer) => (said += text.toString()));
  program.on('exit', () => (ended = true));
  // npm starts the tool as a child of its own: its whole group is ended.
  const end = () => void (ended || (program.pid && process.kill(-program.pid)));
  const origin = `http://localhost:${port}`;
  for (let tries = 0; tries < 600 && !ended; tries++) {
    if (await fetch(origin).catch(() => undefined)) return { origin, end };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  end();
  throw new Error(`${script} does not answer in ${folder}:\n${said}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
