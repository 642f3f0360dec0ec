import { cpus, loadavg } from "node:os";

/** Under what results were made: enough to judge them, and nothing that tells whose machine it was. */
export interface RunNote {
  readonly command: string;
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  /** Processes that wanted a core, over the minute before, and cores. */
  readonly load: string;
}

export function about(command: string): RunNote {
  return {
    command,
    date: new Date().toISOString().slice(0, 10),
    machine: `${process.platform} ${process.arch}`,
    node: `Node ${process.version}`,
    load: `${loadavg()[0]!.toFixed(1)} on ${cpus().length} cores`,
  };
}
