import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { createGateway, GATEWAY_DEFAULTS } from "../../src/gateway/index.js";
import { Router } from "../../src/index.js";

const page = readFileSync(fileURLToPath(new URL("../../docs/gateway.md", import.meta.url)), "utf8");

describe("docs/gateway.md", () => {
  test("names every default, and as it is", () => {
    const options = page.split("\n## ").find((part) => part.startsWith("Options"))!;
    const rows = new Map(
      [...options.matchAll(/^\| `([\w.]+)` +\| ([^|]*?) *\|/gm)].map(([, name, value]) => [name, value]),
    );
    const defaults = Object.entries(GATEWAY_DEFAULTS).flatMap(([name, value]) =>
      typeof value === "object"
        ? Object.entries(value).map(([field, of]) => [`${name}.${field}`, of] as const)
        : [[name, value] as const],
    );
    expect(defaults.length).toBeGreaterThan(25);
    for (const [name, value] of defaults) {
      expect([name, rows.get(name)]).toEqual([name, Array.isArray(value) ? value.join(", ") : String(value)]);
    }
  });

  test("names every metric, and none besides", async () => {
    using router = new Router({ policy: "prefix_aware", replicas: [{ id: "a", url: "http://a" }] });
    const answer = await createGateway({ router }).fetch(new Request("http://gateway/metrics"));
    const exposed = [...(await answer.text()).matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name!);
    const named = [...page.split("## Metrics")[1]!.matchAll(/`(warmroute_\w+)`/g)].map(([, name]) => name!);
    expect([...new Set(named)].sort()).toEqual(exposed.sort());
  });

  test("names every outcome", () => {
    const source = readFileSync(fileURLToPath(new URL("../../src/gateway/exchange.ts", import.meta.url)), "utf8");
    const outcomes = [...source.matchAll(/^ {2}\| "(\w+)"/gm)].map(([, outcome]) => outcome!);
    expect(outcomes.length).toBeGreaterThan(10);
    for (const outcome of outcomes) expect(page).toContain(`\`${outcome}\``);
  });
});
