import { expect, test } from "vitest";
import { npmStart, place } from "./support.js";

const folder = place("testing-with-replicas");

test("examples/testing-with-replicas passes", async () => {
  const run = npmStart(folder, { NO_COLOR: "1" });
  expect(await run.exit, run.errors()).toBe(0);
  expect(run.lines.join("\n")).toMatch(/Tests {2}3 passed/);
});
