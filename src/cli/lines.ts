import type { Writable } from "node:stream";

/**
 * Lines that go out together, at the end of the turn of the event loop in which they come: on their own each would be a system call,
 * which takes longer than the line does to make.
 */
export class Lines {
  readonly #stream: () => Writable;
  #pending = "";

  constructor(stream: () => Writable) {
    this.#stream = stream;
  }

  write(line: string): void {
    if (this.#pending === "") setImmediate(this.flush);
    this.#pending += `${line}\n`;
  }

  /** What has come so far goes out now. */
  readonly flush = (): void => {
    const text = this.#pending;
    this.#pending = "";
    if (text !== "") this.#stream().write(text);
  };
}

/** Those of stdout; what is left at the process's exit goes out then. */
export const stdoutLines: Lines = new Lines(() => process.stdout);
process.on("exit", stdoutLines.flush);
