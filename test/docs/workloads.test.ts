import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { workloadCatalog, workloadNames } from "../../src/workloads/index.js";

const page = readFileSync(new URL("../../docs/workloads.md", import.meta.url), "utf8");
const sections = new Map(page.split("\n### ").map((section) => [section.split("\n", 1)[0]!, section]));

describe("docs/workloads.md", () => {
  test.each(workloadNames)("%s: what it is, and each parameter with its default", (name) => {
    const { about, file, parameters } = workloadCatalog[name];
    const section = sections.get(name);
    expect(section?.toLowerCase()).toContain(about.toLowerCase());
    if (file) expect(section).toContain(`\`${file}\``);
    const [, other] = /Parameters: those of \[(\w+)\]/.exec(section!) ?? [];
    if (other !== undefined) return expect(workloadCatalog[other as typeof name].parameters).toBe(parameters);
    const rows = [...section!.matchAll(/^\| `(\w+)` *\| (\S+) *\|[^|]*\| (.*?) *\|$/gm)].map((row) => row.slice(1));
    expect(rows).toEqual(
      Object.entries(parameters).map(([key, parameter]) => [key, String(parameter.default ?? "–"), parameter.about]),
    );
  });
});
