import { extremeGoals } from "./extremes.js";
import { type Goal, shown, verdict } from "./goal.js";
import { growthGoals } from "./growth.js";
import { memoryGoal } from "./memory.js";
import { ownerGoals } from "./owners.js";
import { speedGoals } from "./speed.js";

/** Measures every goal and prints it. Returns them all. */
export async function checkGoals(seed: number, passes: number): Promise<Goal[]> {
  const goals: Goal[] = [];
  const parts = [
    () => speedGoals(seed, passes),
    () => growthGoals(seed, passes),
    () => ownerGoals(seed, passes),
    () => extremeGoals(seed, passes),
    () => [memoryGoal(seed)],
  ];
  for (const part of parts) {
    for (const goal of await part()) {
      goals.push(goal);
      process.stdout.write(`${line(goal)}\n`);
    }
  }
  return goals;
}

function line(goal: Goal): string {
  const measured = `${shown(goal.measured)} ${goal.unit}`.padStart(12);
  const limit = `≤ ${goal.goal} ${goal.unit}`.padEnd(13);
  return `${verdict(goal)}  ${goal.what.padEnd(58)} ${measured} ${limit} ${goal.figures}`.trimEnd();
}
