import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  Collector,
  csvHeader,
  csvLine,
  type Row,
  TABLES,
  type TableName,
  trackingRows,
} from "../../src/measure/index.js";
import { Router } from "../../src/routing/index.js";
import { named, VirtualTime } from "../routing/support.js";

const NAMES = Object.keys(TABLES) as TableName[];

/** Two routers side by side, in one time, whose rows come together. */
async function tracked(): Promise<Collector> {
  const collector = new Collector();
  const time = new VirtualTime();
  const { clock, timers } = time;
  for (const name of ["east", "west"]) {
    const replicas = [
      { id: "a", maxOngoingRequests: 1 },
      { id: "b", maxOngoingRequests: 1 },
    ];
    const router = new Router({ policy: named(), replicas, clock, timers, maxQueuedRequests: 1 });
    const observation = router.observe(trackingRows(collector.add, name));
    const held = router.route({ text: "a" });
    router.route({ text: "b" });
    const waits = router.acquire({ text: "b" });
    await expect(router.acquire({ text: "b" })).rejects.toThrow("no place to wait");
    await time.pass(1500);
    held.firstToken();
    held.release({ promptTokens: 9, cachedTokens: 4, completionTokens: 2 });
    (await waits).release({ error: new Error("broke") });
    observation.stop();
  }
  return collector;
}

describe("a collector", () => {
  test("gathers what several routers tell, in the tables of the format", async () => {
    const collector = await tracked();
    const rows = (table: TableName): Row[] => collector.rows(table).filter(([router]) => router === "east");
    expect(rows("load_distribution")).toEqual([
      ["east", 1, "a", 1, 1, null, null, null],
      ["east", 1, "b", 1, 1, null, null, null],
      ["east", 1.5, "a", 0, 0, null, null, null],
      ["east", 1.5, "b", 1, 1, null, null, null],
    ]);
    expect(rows("routing_mismatches")).toEqual([
      ["east", 0, 0, 0, "a", "a", true],
      ["east", 0, 1, 0, "b", "b", true],
      ["east", 1.5, 2, 0, "b", "a", false],
    ]);
    expect(rows("decisions_by_reason")).toEqual([
      ["east", 1, "named", "only_candidate", 2],
      ["east", 1.5, "named", "only_candidate", 1],
    ]);
    expect(rows("prefix_match_rate")[0]).toEqual([
      "east",
      0,
      0,
      0,
      "a",
      "named",
      "only_candidate",
      1,
      0,
      0,
      null,
      null,
    ]);
    expect(rows("deployment_overhead")[0]).toEqual(["east", 0, 0, 0, 0, 0, 0, 1.5, 1.5, 1.5]);
    expect(rows("lease_ends")).toEqual([
      ["east", 1.5, 0, 0, "a", "released", false, 1500, 9, 4, 2],
      ["east", 1.5, 2, 0, "a", "released", true, null, null, null, null],
    ]);
    expect(rows("turned_away")).toEqual([["east", 0, 3, 0, null, "queue_full", 0]]);
    expect(collector.rows("load_distribution").length).toBe(8);
  });

  test("every row has as many values as its table has columns, each of its type", async () => {
    const { tables } = (await tracked()).results({ label: "x" });
    expect(Object.keys(tables).length).toBeGreaterThan(6);
    for (const [name, { columns, rows }] of Object.entries(tables)) {
      const types = Object.values(TABLES[name as TableName].columns).map(({ type }) => type);
      for (const row of rows) {
        expect(row.length, name).toBe(columns.length);
        for (const [i, value] of row.entries()) {
          expect(["object", types[i]], `${name}.${columns[i]}`).toContain(typeof value);
        }
      }
    }
  });

  test("as JSON and CSV", async () => {
    const collector = await tracked();
    const results = JSON.parse(JSON.stringify(collector.results({ label: "x" })));
    expect(results).toMatchObject({
      format: "warmroute-results",
      version: 1,
      run: { label: "x" },
      tables: { turned_away: { columns: Object.keys(TABLES.turned_away.columns), dropped: 0 } },
    });
    expect(collector.csv("turned_away")).toBe(
      "router,time_s,request,attempt,intended,why,waited_s\neast,0,3,0,,queue_full,0\nwest,1.5,3,0,,queue_full,0\n",
    );
    expect(csvLine(['say "no"', "a,b", "two\nlines", null, true, 1e-7])).toBe(
      '"say ""no""","a,b","two\nlines",,true,1e-7\n',
    );
    expect(csvHeader("evictions")).toBe("router,time_s,cause,evictions,chars\n");
  });

  test("counts decisions up to the stop, though an interval has just ended at that time", async () => {
    const collector = new Collector();
    const time = new VirtualTime();
    const { clock, timers } = time;
    const router = new Router({ policy: named(), replicas: [{ id: "a" }, { id: "b" }], clock, timers });
    const observation = router.observe(trackingRows(collector.add));
    router.route({ text: "a" });
    await time.pass(1000);
    router.route({ text: "a" });
    observation.stop();
    expect(collector.rows("decisions_by_reason").map(([, timeS, , , decisions]) => [timeS, decisions])).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  test("drops what there is no room for, and says how much", () => {
    const collector = new Collector({ maxRows: 2 });
    for (let i = 0; i < 5; i++) collector.add("evictions", ["", i, "sweep", 1, 1]);
    expect(collector.results().tables.evictions).toMatchObject({ rows: { length: 2 }, dropped: 3 });
    expect(() => new Collector({ maxRows: 0 })).toThrow("maxRows must be a whole number, 1 or more, not 0");
  });
});

test("docs/results-format.md has every table and column, as they are defined", () => {
  const page = readFileSync(new URL("../../docs/results-format.md", import.meta.url), "utf8");
  for (const name of NAMES) {
    const section = page.split(`### \`${name}\``)[1]?.split("\n### ")[0] ?? "";
    expect(section, name).toContain(TABLES[name].about);
    const lines = [...section.matchAll(/^\| `(\w+)` +\| (.*?) +\| (.*?) +\|$/gm)].map(([, ...cells]) => cells);
    const columns = Object.entries(TABLES[name].columns).map(([column, { type, unit, about }]) => [
      column,
      unit === undefined || unit === "" ? type : `${type}, ${unit}`,
      about,
    ]);
    expect(lines, name).toEqual(columns);
  }
  expect([...page.matchAll(/^### `(\w+)`/gm)].map(([, name]) => name)).toEqual(NAMES);
});
