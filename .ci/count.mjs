// Usage: count.mjs SOAK REPORT…: how the soak ended (0: well), and the reports of the other steps as JSON, vitest's or our own sums.
// Prints each failure once more, since a long log may have been cut before it, and the sums in the last line.
import { readFileSync } from "node:fs";

const [soak, ...files] = process.argv.slice(2);
const runs = [
  ...files.map(readRun),
  { passed: soak === "0" ? 1 : 0, failed: soak === "0" ? 0 : 1, skipped: 0, failures: [] },
];
for (const { failures } of runs) for (const failure of failures) console.log(`FAILED ${failure.slice(0, 2000)}`);
const [passed, failed, skipped] = ["passed", "failed", "skipped"].map((figure) =>
  runs.reduce((sum, run) => sum + run[figure], 0),
);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);

function readRun(file) {
  const run = JSON.parse(readFileSync(file, "utf8") || "null");
  if (run === null) return { passed: 0, failed: 1, skipped: 0, failures: ["a step has ended before its report"] };
  return "testResults" in run ? ofVitest(run) : run;
}

function ofVitest({ testResults, numPassedTests, numFailedTests, numPendingTests, numTodoTests }) {
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && !assertionResults.some((each) => each.status === "failed"),
  );
  const failed = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "failed")
      .map(({ fullName, failureMessages }) => `${name} > ${fullName}\n${failureMessages.join("\n")}`),
  );
  return {
    passed: numPassedTests,
    failed: numFailedTests + broken.length,
    skipped: numPendingTests + numTodoTests,
    failures: [...broken.map(({ name, message }) => `${name}\n${message}`), ...failed],
  };
}
