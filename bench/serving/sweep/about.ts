import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { basename, join, resolve } from "node:path";
import type { SweepFiles } from "./files.js";
import { policyLabel, policyOptionsOf, type Run } from "./runs.js";

/** What `sweep.json` says of each run, by its name: what a picture of its custom results has to know. */
export interface RecordedRun {
  readonly strategy: string;
  readonly policy: string;
  /** Of the policy, defaults among them; null where one is no limit. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly trackInterval: number;
}

/** What a report of the sweep shows beside the figures: `sweep.json`, and a copy of the configuration. */
export function describe(
  files: SweepFiles,
  { file, text, command, note }: { file: string; text: string; command: string; note: string | undefined },
  runs: readonly Run[],
): void {
  const about = {
    command,
    date: new Date().toISOString(),
    machine: { platform: process.platform, arch: process.arch, cores: cpus().length, node: process.version },
    note,
    // Other sweeps' results may be beside these.
    runs: { ...recordedRuns(files), ...Object.fromEntries(runs.map((run) => [run.name, recorded(run)])) },
  };
  writeFileSync(files.about, `${JSON.stringify(about, null, 2)}\n`);
  const copy = join(files.folder, basename(file));
  if (resolve(copy) !== resolve(file)) writeFileSync(copy, text);
}

function recorded(run: Run): RecordedRun {
  const { strategy, config } = run;
  return {
    strategy: strategy.name,
    policy: policyLabel(strategy),
    options: policyOptionsOf(run),
    trackInterval: config.trackInterval,
  };
}

function recordedRuns({ about }: SweepFiles): Readonly<Record<string, RecordedRun>> {
  if (!existsSync(about)) return {};
  try {
    return (JSON.parse(readFileSync(about, "utf8")) as { runs?: Record<string, RecordedRun> }).runs ?? {};
  } catch {
    // Cut while it was written.
    return {};
  }
}
