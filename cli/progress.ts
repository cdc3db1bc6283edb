import { printableLine } from './output.js';

/** Whether errors go to a terminal that can erase a line. */
function isTerminal(): boolean {
  return process.stderr.isTTY && process.env['TERM'] !== 'dumb';
}

/** A progress bar on the error output, where it does not mix with results; nothing unless that is a terminal. */
export class ProgressBar {
  #shown = -1;

  show(file: string, loaded: number, total: number): void {
    const percent = total > 0 ? Math.floor((100 * loaded) / total) : 0;
    if (!isTerminal() || percent === this.#shown) return;
    this.#shown = percent;
    const done = Math.floor(percent / 4);
    process.stderr.write(
      `\r${'█'.repeat(done)}${'░'.repeat(25 - done)} ${percent} % of ${printableLine(file)}\x1b[K`,
    );
  }

  /** Erases the bar. */
  end(): void {
    if (this.#shown >= 0) process.stderr.write('\r\x1b[K');
    this.#shown = -1;
  }
}
