import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { UsageError } from "../../../src/cli/usage-error.js";
import { csvLine } from "../../../src/measure/index.js";
import { fileFault } from "../../file-fault.js";

/** Of what is written as a stream the error has no path. */
const NO_ROOM = new Set(["ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EIO"]);

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

  /** Says what was run. */
  get about(): string {
    return join(this.folder, "sweep.json");
  }

  /** Says who writes into the folder. */
  get lock(): string {
    return join(this.folder, ".sweep_lock.json");
  }

  /** What an error says of results that cannot be written; null when it is about something else, as a file of a policy of one's own. */
  fault(error: unknown): string | null {
    const { code = "", path } = (error ?? {}) as NodeJS.ErrnoException;
    const isHere = path !== undefined && resolve(path).startsWith(resolve(this.folder) + sep);
    return isHere || NO_ROOM.has(code) ? fileFault(error) : null;
  }

  /** Removes the logs of sweeps; what else lies beside them stays. @returns how many. */
  removeLogs(): number {
    const folder = join(this.folder, "logs");
    if (!existsSync(folder)) return 0;
    const all = readdirSync(folder);
    const logs = all.filter((name) => /_std(?:out|err)\.log$/.test(name));
    for (const name of logs) rmSync(join(folder, name), { force: true });
    if (logs.length === all.length) rmdirSync(folder);
    return logs.length;
  }
}

/**
 * Begins a CSV file, or makes sure that one that is there has the same columns and ends with a whole line, so that lines can be appended.
 * @throws UsageError when it has others.
 */
export function beginCsv(path: string, columns: readonly string[]): void {
  const header = csvLine(columns);
  mkdirSync(dirname(path), { recursive: true });
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  // Of a header that a full disk has cut nothing is worth keeping.
  if (header.startsWith(text)) {
    writeFileSync(path, header);
    return;
  }
  if (!text.startsWith(header)) {
    throw new UsageError(`${path} has other columns than this version writes: move it away, or choose another --out`);
  }
  if (!text.endsWith("\n")) truncateSync(path, Buffer.byteLength(text.slice(0, text.lastIndexOf("\n") + 1)));
}
