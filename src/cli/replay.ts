import { createReadStream, type ReadStream, statSync } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import {
  DECISION_REASONS,
  type HitCount,
  JournalError,
  POLICIES,
  type PolicyName,
  type ReplayOptions,
  type ReplayReport,
  replayEach,
} from "../routing/index.js";
import { aligned } from "./aligned.js";
import { POLICY_OPTIONS } from "./policy-flags.js";
import { loadPolicy, RECORDED } from "./policy-module.js";
import { UsageError } from "./usage-error.js";

/** What `warmroute replay` was told, by the names of its options. */
export interface ReplayCommandOptions {
  /** Names, paths of modules, or `recorded`. */
  readonly policy: readonly string[];
  readonly seed?: number;
  readonly insertAt?: "choice" | "accept";
  readonly matching?: "exact" | "fifo";
  readonly cacheChars?: number;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Replays a journal and prints what each policy makes of it. */
export async function replayJournal(file: string, options: ReplayCommandOptions): Promise<void> {
  const runs = await Promise.all(options.policy.map((policy) => replayOptions(policy, options)));
  checkFlags(options);
  const source = open(file);
  const progress = options.quiet || !process.stderr.isTTY ? null : new Progress(source.bytes, source.size);
  let reports: ReplayReport[];
  try {
    reports = await replayEach(source.lines, runs);
  } catch (error) {
    if (error instanceof JournalError || error instanceof TypeError || error instanceof RangeError || isSystem(error)) {
      throw new UsageError(`${file}: ${error.message}`);
    }
    throw error;
  } finally {
    progress?.stop();
  }
  process.stdout.write(options.json ? `${JSON.stringify(reports, null, 2)}\n` : replayTable(reports, options.policy));
}

/** The reports as a table, and under it why the replicas were chosen. */
export function replayTable(reports: readonly ReplayReport[], names: readonly string[]): string {
  const first = reports[0]!;
  const rows = reports.map((report, i) => [
    names[i] === RECORDED ? `${report.policy} (recorded)` : report.policy,
    ...COLUMNS.map(({ of }) => of(report)),
  ]);
  const table = aligned([["policy", ...COLUMNS.map(({ title }) => title)], ...rows]);
  const all = Object.keys(DECISION_REASONS).filter((reason) => reports.some(({ reasons }) => reasons[reason]));
  const reasons = aligned([
    ["reason", ...rows.map(([name]) => name!)],
    ...all.map((reason) => [reason, ...reports.map((report) => String(report.reasons[reason] ?? 0))]),
  ]);
  const notes = [
    first.whole ? [] : ["The journal begins after the router's first request: what it knew before is missing."],
    first.keys === "texts" ? [] : ["Texts were recorded as hashes: a match may be up to a block too short."],
  ].flat();
  return `${[span(first), table, reasons, ...notes].join("\n\n")}\n`;
}

const COLUMNS: readonly { title: string; of: (report: ReplayReport) => string }[] = [
  { title: "requests", of: ({ requests }) => String(requests) },
  { title: "decisions", of: ({ decisions }) => String(decisions) },
  { title: "waited", of: ({ waited }) => String(waited) },
  { title: "refused", of: ({ refused }) => String(refused) },
  { title: "left", of: ({ left }) => String(left) },
  { title: "hit chars", of: ({ characters }) => share(characters, "hit") },
  { title: "possible", of: ({ characters }) => share(characters, "available") },
  { title: "hit tokens", of: ({ tokens }) => share(tokens, "hit") },
  { title: "moves", of: ({ moves, laterTurns }) => percent(moves, laterTurns) },
  { title: "imbalance", of: ({ imbalance }) => imbalance.toFixed(2) },
  { title: "hotspot", of: ({ hotspot }) => hotspot.toFixed(2) },
  { title: "as recorded", of: ({ sameReplica, decisions }) => percent(sameReplica, decisions) },
];

function share(count: HitCount, what: "hit" | "available"): string {
  return percent(count[what], count.sent);
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "-" : `${((part / whole) * 100).toFixed(1)} %`;
}

function span({ fromS, toS, requests, conversations }: ReplayReport): string {
  const seconds = fromS === null || toS === null ? 0 : toS - fromS;
  return `${requests} requests of ${conversations} conversations in ${seconds.toFixed(1)} s`;
}

/** What is recorded stays as it was; the options are for the others. */
async function replayOptions(policy: string, options: ReplayCommandOptions): Promise<ReplayOptions> {
  const { cacheChars } = options;
  const cache = cacheChars === undefined ? {} : { cacheChars };
  if (policy === RECORDED) return cache;
  const names = [...ROUTER_OPTIONS, ...optionsOf(policy)];
  const given = Object.entries(options).filter(([name]) => names.includes(name));
  return { ...Object.fromEntries(given), ...cache, policy: await loadPolicy(policy) };
}

const ROUTER_OPTIONS = ["seed", "insertAt", "matching"];

function optionsOf(policy: string): string[] {
  return Object.hasOwn(POLICIES, policy) ? Object.keys(POLICIES[policy as PolicyName].options) : [];
}

/** @throws UsageError for an option that none of the policies has. */
function checkFlags(options: ReplayCommandOptions): void {
  const policies = options.policy.filter((policy) => policy !== RECORDED);
  const names = policies.flatMap((policy) => [...ROUTER_OPTIONS, ...optionsOf(policy)]);
  for (const name of Object.keys(options)) {
    if (!(ROUTER_OPTIONS.includes(name) || POLICY_OPTIONS.includes(name)) || names.includes(name)) continue;
    throw new UsageError(`${name} is for none of the policies ${options.policy.join(", ")}`);
  }
}

interface Source {
  readonly lines: AsyncIterable<string>;
  /** Bytes read so far. */
  readonly bytes: () => number;
  /** Bytes in all; null when that is not known. */
  readonly size: number | null;
}

/** A file, packed by gzip if its name says so, or with `-` the standard input: read piece by piece, never as a whole. */
function open(file: string): Source {
  if (file === "-") return { lines: linesOf(process.stdin), bytes: () => 0, size: null };
  let size: number;
  try {
    size = statSync(file).size;
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
  }
  const stream = createReadStream(file);
  return { lines: linesOf(file.endsWith(".gz") ? unpacked(stream) : stream), bytes: () => stream.bytesRead, size };
}

function unpacked(stream: ReadStream): NodeJS.ReadableStream {
  const gunzip = createGunzip();
  stream.on("error", (error) => gunzip.destroy(error));
  return stream.pipe(gunzip);
}

/** In Node 20 an interface does not pass on what its stream throws. */
async function* linesOf(input: NodeJS.ReadableStream): AsyncGenerator<string> {
  let failure: unknown = null;
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  input.on("error", (error) => {
    failure = error;
    lines.close();
  });
  yield* lines;
  if (failure !== null) throw failure;
}

function isSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === "string";
}

/** A line on the terminal that says how much has been read. */
class Progress {
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(bytes: () => number, size: number | null) {
    this.#timer = setInterval(() => {
      const read = `${(bytes() / 2 ** 20).toFixed(0)} MiB`;
      process.stderr.write(`\r\x1b[Kreplaying: ${size === null ? read : `${read}, ${percent(bytes(), size)}`}`);
    }, 500);
  }

  stop(): void {
    clearInterval(this.#timer);
    process.stderr.write("\r\x1b[K");
  }
}
