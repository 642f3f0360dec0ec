// `npm run check:full`: what CI runs, and what takes too long for it. Each step is an npm script; one that fails stops none
// of those after it.
import { spawnSync } from "node:child_process";

const STEPS = [
  "check",
  "test",
  "test:runtimes",
  "test:installed",
  "test:examples",
  "test:consumers",
  "test:engines",
  "test:soak -- --seconds 600",
];

const rows = STEPS.map((step) => {
  console.log(`\n== npm run ${step}`);
  const begin = performance.now();
  const { status } = spawnSync("npm", ["run", ...step.split(" ")], { stdio: "inherit" });
  return { step, outcome: status === 0 ? "passed" : "failed", seconds: Math.round((performance.now() - begin) / 1000) };
});

console.log();
console.table(rows);
if (rows.some(({ outcome }) => outcome !== "passed")) process.exitCode = 1;
