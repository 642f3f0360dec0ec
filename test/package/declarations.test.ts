import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { packedFiles, ROOT } from "./packed.js";

const packed = packedFiles();
const declarations = packed.filter((file) => file.startsWith("dist/") && file.endsWith(".d.ts"));
const ENTRIES = ["dist/index.d.ts", "dist/app/index.d.ts", "dist/gateway/index.d.ts", "dist/simulator/index.d.ts"];

const DECLARED = /^export (?:declare )?(?:abstract )?(?:class|function|const|interface|type) (\w+)/gm;

describe("go to definition", () => {
  test("every declaration leads to the line of the source that declares it, and that source is in the tarball", () => {
    let followed = 0;
    for (const file of declarations) {
      const text = readFileSync(join(ROOT, file), "utf8");
      const payload = JSON.parse(readFileSync(join(ROOT, `${file}.map`), "utf8"));
      const map = new SourceMap(payload);
      for (const match of text.matchAll(DECLARED)) {
        const name = match[1]!;
        const before = text.slice(0, match.index + match[0].length - name.length);
        const line = before.split("\n").length - 1;
        const entry = map.findEntry(line, before.length - before.lastIndexOf("\n") - 1);
        if (!("originalSource" in entry)) throw new Error(`${file}: ${name} leads nowhere`);
        const source = relative(ROOT, join(ROOT, dirname(file), entry.originalSource));
        expect(packed).toContain(source);
        expect(readFileSync(join(ROOT, source), "utf8").split("\n")[entry.originalLine]).toContain(name);
        followed++;
      }
    }
    expect(followed).toBeGreaterThan(100);
  });
});

describe("docs in an editor", () => {
  test.each(ENTRIES)("%s: every export says what it is", (entry) => {
    const exported = exportsOf(entry);
    expect(exported.length).toBeGreaterThan(3);
    expect(exported.filter(({ documented }) => !documented).map(({ name }) => name)).toEqual([]);
  });
});

interface Exported {
  name: string;
  documented: boolean;
}

/** The names that a declaration file exports, followed through its re-exports to where they are declared. */
function exportsOf(file: string): Exported[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const own = [...text.matchAll(DECLARED)].map((match) => ({
    name: match[1]!,
    documented: text.slice(0, match.index).trimEnd().endsWith("*/"),
  }));
  const passedOn = [...text.matchAll(/^export (?:type )?(\*|{[^}]*}) from "([^"]+)";/gm)].flatMap((match) => {
    const from = exportsOf(join(dirname(file), match[2]!.replace(/\.js$/, ".d.ts")));
    if (match[1] === "*") return from;
    const names = match[1]!
      .slice(1, -1)
      .split(",")
      .map((name) => name.trim().replace(/^type /, ""));
    return names.filter((name) => name !== "").map((name) => from.find((one) => one.name === name)!);
  });
  return [...own, ...passedOn];
}
