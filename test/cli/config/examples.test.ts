import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { configSchema } from "../../../src/app/index.js";
import { readConfig } from "../../../src/cli/config/read.js";
import { run } from "../support.js";

const path = (file: string) => fileURLToPath(new URL(`../../../${file}`, import.meta.url));
const MAIN = path("dist/cli/main.js");
const environment = { TEAM_KEY: "a", ADMIN_TOKEN: "b", VLLM_API_KEY: "c" };

describe("examples/config", () => {
  const files = readdirSync(path("examples/config"));

  test("are those that the docs name", () => {
    const page = readFileSync(path("docs/configuration.md"), "utf8");
    const named = [...page.matchAll(/examples\/config\/([\w-]+\.yaml)/g)].map(([, file]) => file);
    expect([...new Set(named)].sort()).toEqual(files.sort());
  });

  test.each(files)("%s is right", async (file) => {
    const { config } = await readConfig(path(`examples/config/${file}`), environment);
    expect(config.models.length).toBeGreaterThan(0);
  });
});

describe("warmroute config", () => {
  test("check says what a file has, or what is wrong with it", async () => {
    const right = run(process.execPath, [MAIN, "config", "check", path("examples/config/vllm.yaml")], {
      env: environment,
    });
    expect(await right.exit).toBe(0);
    expect(right.lines.slice(1)).toEqual([
      "  Qwen/Qwen2.5-7B-Instruct: kv_cost, 2 replicas",
      "  Qwen/Qwen2.5-1.5B-Instruct: prefix_aware, 1 replica",
    ]);
    const wrong = run(process.execPath, [MAIN, "config", "check", path("examples/config/vllm.yaml")]);
    expect(await wrong.exit).toBe(2);
    expect(wrong.errors()).toMatch(/^warmroute: \S*vllm\.yaml:\d+:\d+: the environment has no TEAM_KEY$/m);
  });

  test("schema prints the one that is shipped", async () => {
    const printed = run(process.execPath, [MAIN, "config", "schema"]);
    expect(await printed.exit).toBe(0);
    expect(JSON.parse(printed.lines.join("\n"))).toEqual(configSchema());
    expect(JSON.parse(readFileSync(path("schema/config.schema.json"), "utf8"))).toEqual(configSchema());
  });
});
