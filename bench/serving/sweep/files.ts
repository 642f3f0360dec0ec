import { appendFileSync, closeSync, existsSync, mkdirSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UsageError } from "../../../src/cli/usage-error.js";
import { csvLine } from "../../../src/measure/index.js";

/** Where a sweep leaves what, in the reference's folders. */
export class SweepFiles {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** @param whose view. */
  csv(whose: "serve" | "vllm", dataset: string): string {
    return join(this.folder, "csv_results", `${whose}_${dataset}_sweep_results.csv`);
  }

  log(strategy: string, stream: "stdout" | "stderr"): string {
    return join(this.folder, "logs", `${strategy}_${stream}.log`);
  }

  customResult(table: string, run: string): string {
    return join(this.folder, "custom_results", table, `${run}.csv`);
  }

  /** Of one run, while it runs. */
  tracking(run: string): string {
    return join(this.folder, "custom_results", `.${run}`);
  }

  get state(): string {
    return join(this.folder, ".sweep_state.json");
  }

  removeLogs(): boolean {
    const folder = join(this.folder, "logs");
    const there = existsSync(folder);
    rmSync(folder, { recursive: true, force: true });
    return there;
  }
}

/**
 * Begins a CSV file, or makes sure that one that is there has the same columns, so that lines can be appended.
 * @throws UsageError when it has others.
 */
export function beginCsv(path: string, columns: readonly string[]): void {
  const header = csvLine(columns);
  mkdirSync(dirname(path), { recursive: true });
  if (!existsSync(path)) {
    writeFileSync(path, header);
    return;
  }
  const buffer = Buffer.alloc(Buffer.byteLength(header));
  const file = openSync(path, "r");
  try {
    readSync(file, buffer);
  } finally {
    closeSync(file);
  }
  if (buffer.toString() !== header) {
    throw new UsageError(`${path} has other columns than this version writes: move it away, or choose another --out`);
  }
}

export function append(path: string, line: string): void {
  appendFileSync(path, line);
}
