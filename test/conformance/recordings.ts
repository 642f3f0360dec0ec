import { readdirSync, readFileSync } from "node:fs";
import type { Scenario } from "./scenarios.js";

/** The recorded scenarios: what Ray's own tree did. */
export function readScenarios(): Scenario[] {
  const folder = new URL("cases/", import.meta.url);
  return readdirSync(folder)
    .sort()
    .flatMap((file) => readFileSync(new URL(file, folder), "utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Scenario);
}
