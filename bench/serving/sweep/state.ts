import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

/** What the file has. */
interface Stored {
  /** Of all that decides what is run. */
  readonly sweep: string;
  readonly done: readonly string[];
  /** Bytes of each CSV file, by its name, with the last run that is done. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** Which runs of a sweep are done: in a file, so that a sweep that was stopped goes on where it was, however it was stopped. */
export class SweepState {
  readonly #path: string;
  readonly #sweep: string;
  readonly #done: Set<string>;
  /** Those of before. */
  readonly #sizes: Readonly<Record<string, number>>;
  readonly #csvs = new Set<string>();
  #forgotten = 0;

  /** @param sweep all that decides what is run: a state of another one does not count. */
  constructor(path: string, sweep: unknown) {
    this.#path = path;
    this.#sweep = createHash("sha256").update(JSON.stringify(sweep)).digest("hex");
    const stored = this.#read();
    this.#done = new Set(stored?.done);
    this.#sizes = stored?.sizes ?? {};
  }

  /** How many runs are done of another sweep, which was stopped and can no longer go on; 0 where there is none. */
  get forgotten(): number {
    return this.#forgotten;
  }

  get count(): number {
    return this.#done.size;
  }

  has(run: string): boolean {
    return this.#done.has(run);
  }

  /** A run is done, and its lines are in the CSV files. */
  add(run: string): void {
    this.#done.add(run);
    this.write();
  }

  /** Takes a CSV file back to what the runs that are done have left in it: one that was cut off may have written a line of its own. */
  restore(csv: string): void {
    const size = this.#sizes[basename(csv)];
    if (size !== undefined && existsSync(csv) && statSync(csv).size > size) truncateSync(csv, size);
    this.#csvs.add(csv);
  }

  /** Whole or not at all. */
  write(): void {
    const sizes = Object.fromEntries([...this.#csvs].map((path) => [basename(path), statSync(path).size]));
    const stored: Stored = { sweep: this.#sweep, done: [...this.#done], sizes };
    writeFileSync(`${this.#path}.part`, `${JSON.stringify(stored, null, 2)}\n`);
    renameSync(`${this.#path}.part`, this.#path);
  }

  /** What is done is to be done again. */
  clear(): void {
    this.#done.clear();
  }

  /** All is done. */
  remove(): void {
    rmSync(this.#path, { force: true });
  }

  #read(): Stored | null {
    if (!existsSync(this.#path)) return null;
    try {
      const stored = JSON.parse(readFileSync(this.#path, "utf8")) as Stored;
      if (stored.sweep === this.#sweep) return stored;
      this.#forgotten = stored.done.length;
      return null;
    } catch {
      // Nobody's: it is written whole.
      return null;
    }
  }
}
