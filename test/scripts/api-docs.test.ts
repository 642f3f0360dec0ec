import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { readDeclarations } from "../../scripts/api-docs/declarations.js";
import { renderApi } from "../../scripts/api-docs/markdown.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "warmroute-docs-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** The page of a package with two entry points, `pkg` and `pkg/more`. */
function pageOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(scratch, "declarations-"));
  for (const [file, text] of Object.entries({ "more.d.ts": "export {};", ...files })) {
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const api = readDeclarations(folder, [
    ["pkg", "index.d.ts"],
    ["pkg/more", "more.d.ts"],
  ]);
  return renderApi(api, [{ command: "pkg", text: "Usage: pkg" }]);
}

/** From a heading to the next one of its level or above. */
function section(page: string, heading: string): string {
  const [level] = heading.split(" ");
  const from = page.indexOf(`\n${heading}\n`);
  expect(from, `${heading} in\n${page}`).not.toBe(-1);
  const rest = page.slice(from + heading.length + 1);
  const next = rest.search(new RegExp(`^#{1,${level!.length}} `, "m"));
  return rest.slice(0, next === -1 ? undefined : next).trim();
}

describe("the API reference", () => {
  test("gives a class its comment, properties, constructor and methods, and leaves out what is private", () => {
    const page = pageOf({
      "index.d.ts": `
        /** Holds things. */
        export declare class Box {
          #private;
          private readonly hidden;
          /** How many. */
          get size(): number;
          /** An empty one. */
          constructor(limit?: number);
          /**
           * Puts a thing in.
           * @param thing what.
           * @returns whether it fitted.
           * @throws RangeError when closed.
           */
          put(thing: string): boolean;
          static of(...things: string[]): Box;
        }`,
    });
    expect(section(page, "### class `Box`")).toBe(
      [
        "Holds things.",
        "| name | type | meaning |\n| --- | --- | --- |\n| `size` | `number` | How many. |",
        "#### constructor",
        "```ts\nnew Box(limit?: number)\n```",
        "An empty one.",
        "#### put",
        "```ts\nput(thing: string): boolean\n```",
        "Puts a thing in.",
        "- `thing`: what.\n- returns: whether it fitted.\n- throws: RangeError when closed.",
        "#### of",
        "```ts\nstatic of(...things: string[]): Box\n```",
      ].join("\n\n"),
    );
  });

  test("shows options as a table, and where those of another interface stand", () => {
    const page = pageOf({
      "index.d.ts": `
        export interface Base {
          /** Default: 1 | 2. */
          depth?: number;
        }
        export interface Options extends Base {
          /** Which. */
          kind: "a" | "b";
        }`,
    });
    expect(section(page, "### interface `Options`")).toBe(
      [
        "`extends` [`Base`](#interface-base)",
        '| name | type | meaning |\n| --- | --- | --- |\n| `kind` | `"a" \\| "b"` | Which. |',
        "And those of [`Base`](#interface-base): `depth`.",
      ].join("\n\n"),
    );
    expect(section(page, "### interface `Base`")).toContain("| `depth?` | `number` | Default: 1 \\| 2. |");
  });

  test("lists in the table what comes from an interface that is not exported", () => {
    const page = pageOf({
      "hidden.d.ts": "export interface Hidden {\n/** Far. */\ndistance: number }",
      "index.d.ts": `import type { Hidden } from "./hidden.js";
        export interface Options extends Hidden { near: boolean }`,
    });
    expect(section(page, "### interface `Options`")).toContain("| `distance` | `number` | Far. |");
  });

  test("shows the options that a table declares as what they are", () => {
    const page = pageOf({
      "index.d.ts": `
        export declare const TABLE: {
          readonly depth: {
            readonly kind: "whole";
            readonly default: 3;
            readonly unit: "floors";
            readonly about: "how \\"far\\" down";
          };
          readonly bound: { readonly kind: "whole"; readonly default: null; readonly about: "the most" };
        };
        type OptionsOf<Table> = { -readonly [Name in keyof Table]?: number };
        export type DepthOptions = OptionsOf<typeof TABLE>;
        export interface Options extends DepthOptions {
          deep: boolean;
        }`,
      "routing/policies/first.d.ts": "/** `first`: one. */\nexport declare function first(): void;",
    });
    expect(section(page, "### type `DepthOptions`")).toBe(
      [
        "| name | type | meaning |",
        "| --- | --- | --- |",
        '| `depth?` | `number` | how "far" down (floors). Default: 3. |',
        "| `bound?` | `number` | the most. Default: no limit. |",
      ].join("\n"),
    );
    expect(section(page, "### interface `Options`")).toContain(
      "And those of its [policy](#policies): `depth`, `bound`.",
    );
  });

  test("describes a type that is named and not exported, and says so", () => {
    const page = pageOf({
      "hidden.d.ts": "/** What came out. */\nexport type Outcome = string;",
      "index.d.ts": `import type { Outcome } from "./hidden.js";
        export declare function run<T>(what: T): Outcome;`,
    });
    expect(section(page, "### function `run`")).toContain("run<T>(what: T): Outcome");
    expect(section(page, "### type `Outcome`")).toContain("Named by the above; not exported.\n\nWhat came out.");
    expect(page.split("## pkg\n")[0]).not.toContain("`Outcome`");
  });

  test("describes a thing once, at the first entry point that exports it", () => {
    const page = pageOf({
      "index.d.ts": "export declare const LIMIT = 3;",
      "more.d.ts": 'export { LIMIT } from "./index.js";',
    });
    expect(page.match(/### constant `LIMIT`/g)).toHaveLength(1);
    expect(section(page, "## pkg/more")).toBe("Exported here too: [`LIMIT`](#constant-limit).");
  });

  test("links names wherever they stand as code, to the heading of that number if several are equal", () => {
    const page = pageOf({
      "index.d.ts": `
        export interface Door { close(): void }
        export interface Window {
          /** Unlike \`Door.close\`; see \`open\`. */
          close(): void;
          open(): void;
          /** Its door. */
          door: readonly Door[] | null;
        }`,
    });
    expect(section(page, "### interface `Window`")).toContain("Unlike [`Door.close`](#close); see [`open`](#open).");
    expect(section(page, "### interface `Window`")).toContain("`readonly` [`Door`](#interface-door)`[] \\| null`");
    const far = pageOf({
      "index.d.ts": `
        export interface Door { close(): void }
        export interface Window { close(): void }
        /** As \`Window.close\`. */
        export declare function shut(): void;`,
    });
    expect(section(far, "### function `shut`")).toContain("As [`Window.close`](#close-1).");
  });

  test("keeps overloads together, and breaks a long signature at its parameters", () => {
    const page = pageOf({
      "index.d.ts": `
        export interface Caller {
          call(name: string): void;
          call(theVeryFirstOfTheNames: string, theSecondOfTheNames: string, theLastOfThem: readonly string[]): void;
        }`,
    });
    expect(section(page, "#### call")).toBe(
      [
        "```ts",
        "call(name: string): void",
        "call(",
        "  theVeryFirstOfTheNames: string,",
        "  theSecondOfTheNames: string,",
        "  theLastOfThem: readonly string[],",
        "): void",
        "```",
      ].join("\n"),
    );
  });

  test("takes what a policy does from the comment of what makes it", () => {
    const page = pageOf({
      "index.d.ts": "export {};",
      "routing/policies/first.d.ts": `
        /**
         * \`first\`: the first replica.
         *
         * Rule: 1. Take the first.
         * 2. Keep it,
         * always.
         * Source: nobody.
         */
        export declare function first(): void;
        /** Not one. */
        export declare function other(): void;`,
    });
    expect(section(page, "## Policies")).toBe(
      "### first\n\nThe first replica.\n\n- **Rule**:\n  1. Take the first.\n  2. Keep it,\n  always.\n- **Source**: nobody.",
    );
  });
});

describe("npm run docs -- --check", () => {
  const project = mkdtempSync(join(scratch, "project-"));
  for (const part of ["package.json", "tsconfig.json", "tsconfig.build.json"])
    cpSync(join(root, part), join(project, part));
  for (const part of ["src", "dist", "scripts", "node_modules"]) symlinkSync(join(root, part), join(project, part));
  mkdirSync(join(project, "docs"));
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ["--import", "tsx", "scripts/api-docs/main.ts", ...args], {
      cwd: project,
      encoding: "utf8",
    });

  test("is content with the page that was just made, and names the first line that differs", {
    timeout: 60_000,
  }, () => {
    expect(run()).toMatchObject({ status: 0 });
    expect(run("--check")).toMatchObject({ status: 0 });
    const page = join(project, "docs/api.md");
    const lines = readFileSync(page, "utf8").split("\n");
    lines[2] = "By hand.";
    writeFileSync(page, lines.join("\n"));
    const { status, stderr } = run("--check");
    expect(status).toBe(1);
    expect(stderr).toContain("docs/api.md is out of date: run `npm run docs`.");
    expect(stderr).toContain('line 3 is "By hand."');
    expect(readFileSync(page, "utf8")).toContain("By hand.");
  });
});
