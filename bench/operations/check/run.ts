import { compactionFigures } from "./compaction.js";
import { extremeGoals } from "./extremes.js";
import { type CheckOptions, type Goal, shown, verdict } from "./goal.js";
import { growthGoals } from "./growth.js";
import { memoryGoals } from "./memory.js";
import { ownerGoals } from "./owners.js";
import { pressureFigures } from "./pressure.js";
import { snapshotGoals } from "./snapshots.js";
import { speedGoals } from "./speed.js";

type Part = (options: CheckOptions) => Goal[] | Promise<Goal[]>;

/** What is measured together, by the name that `--filter` takes. */
export const PARTS: Readonly<Record<string, Part>> = {
  speed: speedGoals,
  growth: growthGoals,
  owners: ownerGoals,
  extremes: extremeGoals,
  memory: memoryGoals,
  pressure: pressureFigures,
  snapshots: snapshotGoals,
  compaction: compactionFigures,
};

/** Measures the goals of these parts and prints each to `output`. Returns them all. */
export async function checkGoals(
  parts: readonly string[],
  options: CheckOptions,
  output: NodeJS.WritableStream,
): Promise<Goal[]> {
  const goals: Goal[] = [];
  for (const part of parts) {
    process.stderr.write(`${part} …\n`);
    for (const goal of await PARTS[part]!(options)) {
      goals.push(goal);
      output.write(`${line(goal)}\n`);
    }
  }
  return goals;
}

function line(goal: Goal): string {
  const { what, limit, atLeast, unit, figures } = goal;
  const measured = `${shown(goal.measured)} ${unit}`.padStart(11);
  const bound = limit === null ? "" : `${atLeast ? "≥" : "≤"} ${limit} ${unit}`;
  return `${verdict(goal).padEnd(4)}  ${what.padEnd(61)} ${measured}  ${bound.padEnd(10)}  ${figures}`.trimEnd();
}
