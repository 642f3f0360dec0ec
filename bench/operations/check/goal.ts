/** What a check is asked to do. */
export interface CheckOptions {
  seed: number;
  /** Whole passes over the texts. */
  passes: number;
  /** Under which the memory is looked at: names and paths, as `textsOf` takes them. */
  workloads: readonly string[];
}

/** A goal of the project with what was measured, or, without a limit, a figure to be reported. */
export interface Goal {
  what: string;
  measured: number;
  /** The most that it may be, or with `atLeast` the least; null when there is no goal. */
  limit: number | null;
  atLeast?: true;
  unit: "×" | "µs" | "ms" | "bytes" | "GB/s" | "%";
  /** The figures behind a ratio, and what else belongs to it. */
  figures: string;
}

export type Verdict = "pass" | "near" | "miss" | "";

/** Machines are noisy: only a goal missed by more than this share makes the check fail. */
const TOLERANCE = 1.2;

export function verdict({ measured, limit, atLeast }: Goal): Verdict {
  if (limit === null) return "";
  const excess = atLeast ? limit / measured : measured / limit;
  // What could not be measured is no pass.
  if (excess <= 1) return "pass";
  return excess <= TOLERANCE ? "near" : "miss";
}

/** A goal for the ratio of two times in microseconds. */
export function ratioGoal(what: string, timeUs: number, ofUs: number, limit: number | null, figures = ""): Goal {
  const times = `${shown(timeUs)} µs of ${shown(ofUs)} µs`;
  return { what, measured: timeUs / ofUs, limit, unit: "×", figures: figures === "" ? times : `${times}; ${figures}` };
}

/** With three significant digits. */
export function shown(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
