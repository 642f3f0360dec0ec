import { createWriteStream, openSync, type WriteStream } from "node:fs";
import type { LogConfig } from "../app/index.js";
import type { RequestRecord } from "../gateway/index.js";
import { Lines, stdoutLines } from "./lines.js";
import { jsonLine, textLine } from "./request-log.js";
import { UsageError } from "./usage-error.js";

/** The lines of requests, on stdout or in a file, which may be rotated: on SIGHUP it is opened anew. */
export class AccessLog {
  #log: LogConfig;
  #file: { readonly path: string; readonly stream: WriteStream; readonly lines: Lines } | null = null;
  /** How much of a line the requests that had none have made. */
  #owed = 0;
  readonly #onProblem: (message: string) => void;

  /** @throws UsageError for a file that cannot be opened. */
  constructor(log: LogConfig, onProblem: (message: string) => void) {
    this.#log = log;
    this.#onProblem = onProblem;
    if (log.file === undefined) return;
    try {
      this.#open(log.file);
    } catch (error) {
      throw new UsageError(`log.file cannot be opened: ${(error as Error).message}`);
    }
  }

  /** It may change while it runs; a file that cannot be opened then is reported, and the lines go on where they went. */
  set(log: LogConfig): void {
    const { file } = log;
    if (file === undefined) void this.close();
    else if (file !== this.#file?.path) this.#reopen(file);
    this.#log = log;
  }

  write(record: RequestRecord): void {
    const { requests = true, format } = this.#log;
    if (!requests || !this.#isDue(record)) return;
    const line = format === "json" ? jsonLine(record, new Date()) : textLine(record, new Date());
    (this.#file?.lines ?? stdoutLines).write(line);
  }

  /** Resolves when all lines are in the file. */
  async close(): Promise<void> {
    process.off("SIGHUP", this.#onSignal);
    const stream = this.#file?.stream;
    this.#file?.lines.flush();
    this.#file = null;
    await new Promise<void>((resolve) => (stream === undefined ? resolve() : stream.end(resolve)));
  }

  #isDue({ outcome }: RequestRecord): boolean {
    if (outcome !== "completed") return true;
    this.#owed += this.#log.sample ?? 1;
    if (this.#owed < 1) return false;
    this.#owed--;
    return true;
  }

  readonly #onSignal = (): void => this.#reopen(this.#file!.path);

  #reopen(path: string): void {
    try {
      this.#open(path);
    } catch (error) {
      this.#onProblem(`log.file cannot be opened, and stays as it was: ${(error as Error).message}`);
    }
  }

  /** At once, so that what is wrong with it is known before the one in use is let go. */
  #open(path: string): void {
    const stream = createWriteStream("", { fd: openSync(path, "a") });
    stream.on("error", (error) => this.#onProblem(`a line for ${path} is lost: ${error.message}`));
    if (this.#file === null) process.on("SIGHUP", this.#onSignal);
    this.#file?.lines.flush();
    this.#file?.stream.end();
    this.#file = { path, stream, lines: new Lines(() => stream) };
  }
}
