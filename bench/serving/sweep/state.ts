import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";

/** Which runs of a sweep are done: in a file, so that a sweep that was stopped goes on where it was. */
export class SweepState {
  readonly #path: string;
  readonly #sweep: string;
  readonly #done: Set<string>;

  /** @param sweep all that decides what is run: a state of another one does not count. */
  constructor(path: string, sweep: unknown) {
    this.#path = path;
    this.#sweep = createHash("sha256").update(JSON.stringify(sweep)).digest("hex");
    this.#done = new Set(this.#read());
  }

  get count(): number {
    return this.#done.size;
  }

  has(run: string): boolean {
    return this.#done.has(run);
  }

  add(run: string): void {
    this.#done.add(run);
    writeFileSync(this.#path, `${JSON.stringify({ sweep: this.#sweep, done: [...this.#done] }, null, 2)}\n`);
  }

  /** What is done is to be done again. */
  clear(): void {
    this.#done.clear();
    this.remove();
  }

  /** All is done. */
  remove(): void {
    rmSync(this.#path, { force: true });
  }

  #read(): string[] {
    if (!existsSync(this.#path)) return [];
    try {
      const { sweep, done } = JSON.parse(readFileSync(this.#path, "utf8")) as { sweep: string; done: string[] };
      return sweep === this.#sweep ? done : [];
    } catch {
      // Cut while it was written: the runs that it told of are done again.
      return [];
    }
  }
}
