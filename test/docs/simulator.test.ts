import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type Fault, PROFILES, type Profile, simulatedReplica } from "../../src/simulator/index.js";
import { startReplica } from "../simulator/support.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(`${root}/docs/simulator.md`, "utf8");

/** The rows of the table whose first column has that head. */
function table(head: string): string[][] {
  const block = page.split("\n\n").find((part) => part.startsWith(`| ${head} `))!;
  return block
    .trim()
    .split("\n")
    .slice(2)
    .map((row) =>
      row
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe("docs/simulator.md", () => {
  test("has the figures of the profiles", () => {
    const rows = table("profile").map(([name, ...figures]) => [
      name!.slice(1, -1),
      ...figures.map((figure) => Number(figure.replaceAll(",", ""))),
    ]);
    const figures = (profile: Profile) => [
      profile.name,
      profile.stepMs,
      profile.prefillTokenMs,
      profile.attentionPairMs,
      profile.decodeMs,
      profile.contextTokenMs,
      profile.blocks,
      profile.maxNumBatchedTokens,
      profile.maxNumSeqs,
      profile.apiMs,
      profile.maxModelLen,
    ];
    expect(rows).toEqual(Object.values(PROFILES).map(figures));
  });

  test("names paths that are there, with their methods", async () => {
    const replica = startReplica({ kvEvents: true });
    const named = table("path").flatMap(([cell]) => {
      const methods = [...cell!.matchAll(/`([A-Z]+)/g)].map(([, method]) => method!);
      const paths = [...cell!.matchAll(/(\/[\w/]+)`/g)].map(([, path]) => path!);
      return paths.flatMap((path) => methods.map((method) => ({ path, method })));
    });
    expect(named.length).toBeGreaterThan(18);
    for (const { path, method } of named) {
      const init = method === "POST" ? { method, body: "{}" } : { method };
      const { status } = await replica.fetch(new Request(`http://replica${path}`, init));
      expect([404, 405], `${method} ${path}`).not.toContain(status);
    }
  });

  test("names metrics that are there", async () => {
    const metrics = await (await startReplica().fetch(new Request("http://replica/metrics"))).text();
    const names = [...page.matchAll(/`(vllm:\w+)(\*?\w*)/g)].map(([, begin]) => begin!);
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) expect(metrics).toContain(name);
  });

  test("names all kinds of faults, with their fields", () => {
    const rows = table("kind").map(([kind, , fields]) => ({
      kind: kind!.slice(1, -1),
      fields: [...fields!.matchAll(/`(\w+)`/g)].map(([, field]) => field!),
    }));
    const values: Record<string, unknown> = { message: "a", cacheUsage: 1, status: 500 };
    for (const { kind, fields } of rows) {
      const own = Object.fromEntries(fields.map((field) => [field, values[field] ?? 2]));
      const fault = { kind, ...own, atMs: 1, forMs: 1, requests: 1, share: 1, paths: ["/health"] } as Fault;
      const replica = simulatedReplica();
      expect(() => replica.inject(fault)).not.toThrow();
      replica.close();
    }
    const kinds = /one of (.*), not/.exec(refusalOf({ kind: "none" }))![1]!.split(", ");
    expect(rows.map(({ kind }) => kind)).toEqual(kinds);
  });

  test("shows the example as it is", () => {
    const example = readFileSync(`${root}/examples/testing-with-replicas/failover.test.js`, "utf8");
    const shown = /```js\n(.*?)```/s.exec(page)![1]!;
    expect(example.startsWith(shown.trimEnd())).toBe(true);
  });
});

function refusalOf(fault: object): string {
  const replica = startReplica();
  try {
    replica.inject(fault as Fault);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it was not refused");
}
