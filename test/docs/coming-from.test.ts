import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { createGateway } from "../../src/gateway/index.js";
import { Router } from "../../src/index.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(`${root}/docs/coming-from.md`, "utf8");

/** The cells of every table's column `here`, with their lines. */
const here = page.split("\n\n").flatMap((block) => {
  const rows = block.split("\n").filter((line) => line.startsWith("|"));
  const cells = rows.map((row) => row.split("|").map((cell) => cell.trim()));
  const column = cells[0]?.indexOf("here") ?? -1;
  return column === -1 ? [] : cells.slice(2).map((row, i) => ({ cell: row[column]!, row: rows[i + 2]! }));
});
const names = [...new Set(here.flatMap(({ cell }) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!)))];

describe("docs/coming-from.md", () => {
  let help = "";
  let metrics = "";
  const api = readFileSync(`${root}/docs/api.md`, "utf8");

  beforeAll(async () => {
    const command = ["--import", "tsx", "src/cli/main.ts", "serve", "--help"];
    help = spawnSync(process.execPath, command, { cwd: root, encoding: "utf8" }).stdout;
    using router = new Router({ policy: "prefix_aware", replicas: [{ id: "a", url: "http://a" }] });
    const answer = await createGateway({ router }).fetch(new Request("http://gateway/metrics"));
    metrics = await answer.text();
  }, 30_000);

  test("has a cell of ours in every row", () => {
    expect(here.length).toBeGreaterThan(100);
    expect(here.filter(({ cell }) => cell === "").map(({ row }) => row)).toEqual([]);
  });

  test("names no flag that `warmroute serve` does not have", () => {
    const flags = names.filter((name) => name.startsWith("--"));
    expect(flags.length).toBeGreaterThan(15);
    for (const flag of flags) expect(help).toMatch(new RegExp(`^ {2}${flag}\\b`, "m"));
  });

  test("names no option, method or policy that is not in the API reference", () => {
    const words = names.filter((name) => /^[a-z][A-Za-z_0-9]*$/.test(name) && !name.startsWith("warmroute_"));
    expect(words.length).toBeGreaterThan(20);
    // As code, as a heading, or declared in a block of code.
    const isThere = (word: string) =>
      new RegExp(`(\`|")${word}\\??(\`|")|^#{3,4} ${word}$|\\b${word}\\??: `, "m").test(api);
    const missing = words.filter((word) => !isThere(word));
    expect(missing).toEqual([]);
  });

  test("names no metric that the gateway does not expose", () => {
    const series = names.filter((name) => name.startsWith("warmroute_"));
    expect(series.length).toBeGreaterThan(5);
    for (const name of series) expect(metrics).toContain(`# TYPE ${name} `);
  });
});
