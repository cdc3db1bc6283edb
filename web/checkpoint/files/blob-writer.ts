/** Bytes that are gathered in the script's memory before they leave it. */
const partBytes = 1 << 22;

/** Makes a Blob of pieces as they come: outside the script's memory, and on disk where the browser thinks it large. */
export class BlobWriter {
  #parts: Blob[] = [];
  #buffer = new Uint8Array(partBytes);
  #filled = 0;

  /** Copies the next piece. */
  write(piece: Uint8Array): void {
    for (let from = 0; from < piece.length;) {
      const part = piece.subarray(from, from + partBytes - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      from += part.length;
      if (this.#filled === partBytes) this.#pack();
    }
  }

  /** Everything that was written; the writer keeps nothing. */
  finish(): Blob {
    this.#pack();
    const blob = new Blob(this.#parts);
    this.#parts = [];
    this.#buffer = new Uint8Array();
    return blob;
  }

  #pack(): void {
    this.#parts.push(new Blob([this.#buffer.subarray(0, this.#filled)]));
    this.#filled = 0;
  }
}
