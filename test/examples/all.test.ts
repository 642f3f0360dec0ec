import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { ROOT } from "./root.js";

const examples = readdirSync(join(ROOT, "examples"), { withFileTypes: true })
  // Configurations of the command are no packages; test/cli/config/examples.test.ts reads them.
  .filter((entry) => entry.isDirectory() && entry.name !== "config")
  .map(({ name }) => name);

test("there are the examples of the list", () => {
  const list = readFileSync(join(ROOT, "examples/README.md"), "utf8");
  const listed = [...list.matchAll(/^\| \[([\w-]+)\]\(\1\)/gm)].map(([, name]) => name);
  expect(listed.sort()).toEqual(examples);
  expect(examples.length).toBeGreaterThan(0);
});

describe.each(examples)("examples/%s", (example) => {
  const read = (file: string) => readFileSync(join(ROOT, "examples", example, file), "utf8");

  test("is a package of its own that needs this version of ours", () => {
    const { name, private: isPrivate, scripts, dependencies } = JSON.parse(read("package.json"));
    expect({ name, isPrivate }).toEqual({ name: `warmroute-example-${example}`, isPrivate: true });
    expect(dependencies.warmroute).toBe(`^${manifest.version}`);
    expect(scripts.start).toBeTypeOf("string");
  });

  test("says how to run it, and its links lead somewhere", () => {
    const text = read("README.md");
    expect(text).toMatch(/^(npm|bun) install$/m);
    expect(text).toMatch(/^(npm|bun|deno task) start/m);
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
