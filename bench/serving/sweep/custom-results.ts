import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  type WriteStream,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { finished } from "node:stream/promises";
import { csvHeader, csvLine, type Row, TABLES, type TableName } from "../../../src/measure/index.js";
import type { ReplicaAddress } from "../servers/servers.js";
import { readSamples, type Sample } from "./engine-metrics.js";
import type { SweepFiles } from "./files.js";

/**
 * Puts what the routers of a run tracked, each in a folder of its own (`<router>/<table>.csv`), into one file a table, and removes them.
 * Where there are several, each row names its router.
 */
export function mergeTracked(files: SweepFiles, run: string): void {
  const folder = files.tracking(run);
  if (!existsSync(folder)) return;
  const routers = readdirSync(folder).sort();
  for (const table of Object.keys(TABLES) as TableName[]) {
    const rows = routers.flatMap((router) => {
      const path = join(folder, router, `${table}.csv`);
      if (!existsSync(path)) return [];
      const lines = readFileSync(path, "utf8")
        .split("\n")
        .slice(1)
        .filter((line) => line !== "");
      // The router's name is the first column of these tables, and empty in each one's own file.
      return routers.length === 1 ? lines : lines.map((line) => router + line);
    });
    if (rows.length > 0) writeResult(files, table, run, `${csvHeader(table)}${rows.join("\n")}\n`);
  }
  rmSync(folder, { recursive: true, force: true });
}

/** Writes the tables that were gathered in memory. */
export function writeTables(files: SweepFiles, run: string, rows: ReadonlyMap<TableName, readonly Row[]>): void {
  for (const [table, lines] of rows) writeResult(files, table, run, csvHeader(table) + lines.map(csvLine).join(""));
}

function writeResult(files: SweepFiles, table: TableName, run: string, text: string): void {
  const path = files.customResult(table, run);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Scrapes replicas again and again while a run goes on: the table `vllm_metrics`. */
export class Scraper {
  readonly #replicas: readonly ReplicaAddress[];
  readonly #file: WriteStream;
  readonly #timer: NodeJS.Timeout;
  #scraping: Promise<unknown> = Promise.resolve();

  constructor(files: SweepFiles, run: string, replicas: readonly ReplicaAddress[], everyS: number) {
    const path = files.customResult("vllm_metrics", run);
    mkdirSync(dirname(path), { recursive: true });
    this.#replicas = replicas;
    this.#file = createWriteStream(path);
    // `stop` tells it.
    this.#file.on("error", () => {});
    this.#file.write(csvHeader("vllm_metrics"));
    this.#timer = setInterval(() => this.#tick(), everyS * 1000);
    this.#tick();
  }

  /** @throws the system's error when not all could be written. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#scraping;
    this.#file.end();
    await finished(this.#file);
  }

  #tick(): void {
    this.#scraping = Promise.all(
      this.#replicas.map(async (replica) => {
        const samples = await scrape(replica);
        const timeS = Date.now() / 1000;
        for (const row of metricRows(timeS, replica.id, samples ?? [])) this.#file.write(csvLine(row));
      }),
    );
  }
}

/** Rows of `vllm_metrics`. The buckets of histograms are left out: they are most of a page, and sums and counts give its averages. */
export function metricRows(timeS: number, replica: string, samples: readonly Sample[]): Row[] {
  const told = samples.filter(({ name }) => !name.endsWith("_bucket"));
  return told.map(({ series, value }) => [timeS, replica, series, value]);
}

/** A replica's metrics; null when it does not tell them. */
export async function scrape({ url }: ReplicaAddress): Promise<Sample[] | null> {
  try {
    const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5000) });
    return response.ok ? readSamples(await response.text()) : null;
  } catch {
    return null;
  }
}
