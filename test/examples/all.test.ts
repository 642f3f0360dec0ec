import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { ROOT } from "./root.js";

/** Files for `warmroute serve`, each by itself. */
const CONFIGURATIONS = "config";
const examples = readdirSync(join(ROOT, "examples"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== CONFIGURATIONS)
  .map(({ name }) => name);
const isComposed = (example: string) => existsSync(join(ROOT, "examples", example, "compose.yaml"));

test("there are the examples of the list", () => {
  const list = readFileSync(join(ROOT, "examples/README.md"), "utf8");
  const listed = [...list.matchAll(/^\| \[([\w-]+)\]\(\1\)/gm)].map(([, name]) => name);
  expect(listed.sort()).toEqual(examples);
  expect(examples.length).toBeGreaterThan(0);
});

const read = (example: string, file: string) => readFileSync(join(ROOT, "examples", example, file), "utf8");

test.each(examples.filter((example) => !isComposed(example)))(
  "examples/%s is a package of its own that needs this version of ours",
  (example) => {
    const { name, private: isPrivate, scripts, dependencies } = JSON.parse(read(example, "package.json"));
    expect({ name, isPrivate }).toEqual({ name: `warmroute-example-${example}`, isPrivate: true });
    expect(dependencies.warmroute).toBe(`^${manifest.version}`);
    expect(scripts.start).toBeTypeOf("string");
  },
);

describe.each(examples)("examples/%s", (example) => {
  test("says how to run it, and its links lead somewhere", () => {
    const text = read(example, "README.md");
    if (isComposed(example)) expect(text).toMatch(/^docker compose up/m);
    else {
      expect(text).toMatch(/^(npm|bun) install$/m);
      expect(text).toMatch(/^(npm|bun|deno task) start/m);
    }
    for (const [, link, source] of text.matchAll(/\]\(([^)]+)\)|src(?:set)?="([^"]+)"/g)) {
      const target = (link ?? source)!;
      expect(existsSync(join(ROOT, "examples", example, target)), target).toBe(true);
    }
  });

  test("is run by a test", () => {
    const tests = [`${example}.test.ts`, `installed/${example}.test.ts`];
    expect(tests.some((file) => existsSync(join(ROOT, "test/examples", file)))).toBe(true);
  });
});
