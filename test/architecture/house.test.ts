import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A folder of src/ imports only from folders before it in this list, and only through their index.ts. */
const ORDER = [
  "wasm",
  "tree",
  "random",
  "protocol",
  "routing",
  "measure",
  "workloads",
  "simulator",
  "gateway",
  "dashboard",
  "app",
  "cli",
] as const;
const STRANGERS: readonly (readonly [string, string])[] = [["gateway", "simulator"]];

const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && file.includes(sep))
  .map((file) => join("src", file));

const IMPORT = /(?:import|export)\s[^;]*?from\s+"([^"]+)"|import\s+"([^"]+)"|import\("([^"]+)"\)/g;

function imports(): { file: string; from: string; to: string; door: string }[] {
  return sources.flatMap((file) => {
    const from = file.split(sep)[1]!;
    return [...readFileSync(join(root, file), "utf8").matchAll(IMPORT)].flatMap((match) => {
      const specifier = (match[1] ?? match[2] ?? match[3])!;
      if (!specifier.startsWith(".")) return [];
      const target = relative("src", join(dirname(file), specifier)).split(sep);
      const to = target[0]!;
      return to === from ? [] : [{ file, from, to, door: target.slice(1).join("/") }];
    });
  });
}

describe("the folders of src/", () => {
  test("are those of the house", () => {
    const folders = new Set(sources.map((file) => file.split(sep)[1]!));
    for (const folder of folders) expect(ORDER).toContain(folder);
    expect(imports().length).toBeGreaterThan(10);
  });

  test("import only from folders above them, and through the door", () => {
    const broken = imports().filter(({ from, to, door }) => {
      const upwards = ORDER.indexOf(to as never) < ORDER.indexOf(from as never);
      const strangers = STRANGERS.some(([a, b]) => from === a && to === b);
      return !upwards || strangers || door !== "index.js";
    });
    expect(broken).toEqual([]);
  });
});

describe("the determinism rule", () => {
  const project = mkdtempSync(join(tmpdir(), "warmroute-lint-"));
  for (const part of ["biome.json", "lint"]) cpSync(join(root, part), join(project, part), { recursive: true });
  afterAll(() => rmSync(project, { recursive: true }));

  const lint = (path: string, code: string): string => {
    const file = join(project, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, code);
    const biome = join(root, "node_modules/.bin/biome");
    const { stdout, stderr } = spawnSync(biome, ["lint", "--vcs-enabled=false", path], { cwd: project });
    return `${stdout}${stderr}`;
  };
  const code = "export const pick = (): number => Math.random() + Date.now() + Math.exp(1);\n";

  test("refuses clocks, chance and inexact functions where they must not be", () => {
    expect(lint("src/routing/fixture.ts", code).match(/Not deterministic/g)).toHaveLength(3);
  });

  test("leaves other folders alone", () => {
    expect(lint("src/cli/fixture.ts", code)).toContain("Checked 1 file");
    expect(lint("src/cli/fixture.ts", code)).not.toContain("Not deterministic");
  });
});
