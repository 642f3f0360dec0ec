import { createWriteStream, mkdirSync, type WriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { csvHeader, csvLine, type TableName, trackingRows } from "../measure/index.js";
import type { Router } from "../routing/index.js";
import { UsageError } from "./usage-error.js";

/** What is written down of a router's work, by the names of options. */
export interface RecordsOptions {
  /** File of a journal. */
  readonly record?: string;
  /** Makes the journal one of hashes. */
  readonly recordSalt?: string;
  /** Folder of CSV files. */
  readonly track?: string;
  /** s between two rows of load. */
  readonly trackInterval?: number;
}

/** Files that a router's work is written into, until they are closed. */
export interface Records {
  close(): Promise<void>;
  /** Ends it and removes the files. */
  discard(): Promise<void>;
}

/**
 * Begins to write down what was asked for.
 * @throws UsageError for a file that is there already: another run's results are not written over.
 */
export async function startRecords(
  router: Router,
  { record, recordSalt, track, trackInterval = 1 }: RecordsOptions,
): Promise<Records> {
  if (recordSalt !== undefined && record === undefined) throw new UsageError("--record-salt needs --record <file>");
  const files: WriteStream[] = [];
  const stops: (() => void)[] = [];
  if (record !== undefined) {
    const file = await created(record);
    files.push(file);
    const keys = recordSalt === undefined ? ({} as const) : ({ keys: "hashes", salt: recordSalt } as const);
    const recording = router.record((line) => void file.write(line), keys);
    stops.push(() => recording.stop());
  }
  if (track !== undefined) {
    mkdirSync(track, { recursive: true });
    const tables = new Map<TableName, WriteStream>();
    for (const name of TRACKED) {
      const file = await created(join(track, `${name}.csv`));
      file.write(csvHeader(name));
      tables.set(name, file);
      files.push(file);
    }
    const sink = trackingRows((table, row) => void tables.get(table)?.write(csvLine(row)));
    const observation = router.observe(sink, { everySecs: trackInterval, stopwatch: () => performance.now() / 1000 });
    stops.push(() => observation.stop());
  }
  const close = async (): Promise<void> => {
    for (const stop of stops) stop();
    for (const file of files) {
      file.end();
      await finished(file).catch(() => {});
    }
  };
  return {
    close,
    async discard() {
      await close();
      for (const { path } of files) await rm(path, { force: true });
    },
  };
}

/** What a gateway can tell: not the engines' metrics, which it does not scrape. */
const TRACKED: readonly TableName[] = [
  "load_distribution",
  "prefix_match_rate",
  "char_count_over_time",
  "routing_mismatches",
  "deployment_overhead",
  "lease_ends",
  "turned_away",
  "decisions_by_reason",
  "evictions",
];

async function created(path: string): Promise<WriteStream> {
  const file = createWriteStream(path, { flags: "wx" });
  await new Promise<void>((resolve, reject) => {
    file.once("open", () => resolve());
    file.once("error", (error) => reject(new UsageError(`${path} cannot be written: ${error.message}`)));
  });
  file.on("error", (error) =>
    process.stderr.write(`warmroute: ${path} cannot be written any more: ${error.message}\n`),
  );
  return file;
}
