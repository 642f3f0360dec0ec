/** A goal with what was measured. All are upper bounds. */
export interface Goal {
  what: string;
  measured: number;
  goal: number;
  /** "×" for a ratio. */
  unit: "×" | "µs" | "ms" | "bytes";
  /** The figures behind a ratio. */
  figures: string;
}

/** Machines are noisy: only beyond this share above the goal does the check fail. */
const TOLERANCE = 1.2;

export function verdict({ measured, goal }: Goal): "pass" | "near" | "miss" {
  if (measured <= goal) return "pass";
  return measured <= goal * TOLERANCE ? "near" : "miss";
}

/** A goal for the ratio of two times in microseconds. */
export function ratioGoal(what: string, timeUs: number, ofUs: number, goal: number): Goal {
  return { what, measured: timeUs / ofUs, goal, unit: "×", figures: `${shown(timeUs)} µs of ${shown(ofUs)} µs` };
}

/** With three significant digits. */
export function shown(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
