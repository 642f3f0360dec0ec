/** Says on stderr which run is under way: on a terminal in one line, else one line a policy. */
export class CompareProgress {
  readonly all: number;
  done = 0;
  readonly #quiet: boolean;
  #last = "";

  constructor(all: number, quiet: boolean) {
    this.all = all;
    this.#quiet = quiet;
  }

  running({ workload, profile, policy }: { workload: string; profile: string; policy: string }, seed: number): void {
    if (this.#quiet) return;
    const what = `${workload}, ${profile}, ${policy}`;
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${this.done} of ${this.all}: ${what}, seed ${seed}`);
    else if (what !== this.#last) process.stderr.write(`${this.done} of ${this.all}: ${what}\n`);
    this.#last = what;
  }

  ran(): void {
    this.done++;
  }

  stop(): void {
    if (!this.#quiet && process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  }
}
