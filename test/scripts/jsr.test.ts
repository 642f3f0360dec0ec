import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const json = (file: string) => JSON.parse(readFileSync(join(root, file), "utf8"));

/** Whether Deno would publish it is what `npm run check:jsr` asks; here, whether it says the same as package.json. */
describe("jsr.json", () => {
  const jsr = json("jsr.json");
  const manifest = json("package.json");

  test("has the version and the licence of package.json", () => {
    expect([jsr.version, jsr.license]).toEqual([manifest.version, manifest.license]);
  });

  test("has its entry points, by their sources", () => {
    const entries = Object.entries<{ types?: string }>(manifest.exports).filter(([, { types }]) => types !== undefined);
    const sources = entries.map(([path, { types }]) => [path, types!.replace("dist", "src").replace(".d.ts", ".ts")]);
    expect(jsr.exports).toEqual(Object.fromEntries(sources));
    for (const source of Object.values<string>(jsr.exports)) expect(existsSync(join(root, source))).toBe(true);
  });

  test("takes from npm the version of hono that the npm package has in it", () => {
    expect(jsr.imports.hono).toBe(`npm:hono@${manifest.devDependencies.hono}`);
  });
});
