import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { jsonLine } from "../../src/cli/request-log.js";
import { post, serve, startGateway } from "../gateway/support.js";

const read = (file: string) => readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), "utf8");

/** What stands in backquotes in the first column of the tables of a part of a page. */
function firstColumn(page: string): string[] {
  return page
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap((line) => [...line.split("|")[1]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!));
}

describe("docs/access-log.md", () => {
  const page = read("docs/access-log.md");

  test("names the fields of a line, in their order", async () => {
    const { url, ended } = await startGateway([await serve(() => Response.json({}))]);
    await (await post(`${url}/v1/completions`, { prompt: "p" })).text();
    const [record] = await ended(1);
    const fields = page.split("\n## ").find((part) => part.startsWith("Fields"))!;
    expect(firstColumn(fields)).toEqual(Object.keys(JSON.parse(jsonLine(record!, new Date()))));
  });

  test("names every event of the log", () => {
    const events = [...read("src/cli/report.ts").matchAll(/event: "(\w+)"/g)].map(([, event]) => event!);
    const ofApp = [...read("src/app/platform.ts").matchAll(/event: "(\w+)"(?: \| "(\w+)")?/g)].flatMap(([, ...both]) =>
      both.filter((event) => event !== undefined && event !== "problem"),
    );
    expect(events.length + ofApp.length).toBeGreaterThan(6);
    for (const event of [...events, ...ofApp]) expect(page).toContain(`\`${event}\``);
  });
});

describe("docs/tracing.md", () => {
  const page = read("docs/tracing.md");
  const source = read("src/gateway/tracing.ts");

  test("names every attribute and event that spans have, and none besides", () => {
    const literal = [...source.matchAll(/"((?:http|url|server|error|gen_ai|warmroute)\.[\w.]+)"/g)].map(
      ([, it]) => it!,
    );
    const table = /const ASKED[^{]*\{([^}]*)\}/.exec(source)![1]!;
    const asked = [...table.matchAll(/: "([\w.]+)"/g)].map(([, name]) => `gen_ai.request.${name}`);
    const events = [...source.matchAll(/addEvent\("([\w.]+)"/g)].map(([, event]) => event!);
    const named = [...firstColumn(page), ...events.filter((event) => page.includes(`event \`${event}\``))];
    expect([...new Set(named)].sort()).toEqual([...new Set([...literal, ...asked])].sort());
  });
});
