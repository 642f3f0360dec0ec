import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packedFiles, ROOT } from "./packed.js";

/** The compiled core and the dashboard's page as text, made by scripts/embed-wasm.mjs and scripts/embed-dashboard.mjs. */
const GENERATED = ["wasm/bytes", "dashboard/assets"];

const modules = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
  .map((file) => file.slice(0, -".ts".length))
  // It is bundled into the assets.
  .filter((name) => !name.startsWith("dashboard/page/"));

/** The modules that re-export a package, and which: the build bundles it, and nothing outside refers to their types. */
const vendored = new Map(
  modules.flatMap((name) => {
    const text = readFileSync(join(ROOT, `src/${name}.ts`), "utf8");
    const bundled = /^export [^;]* from "((?:@[\w-]+\/)?[\w-]+)[\w/-]*";/m.exec(text);
    return bundled === null ? [] : [[name, bundled[1]!] as const];
  }),
);

/** What a user can name: neither the command's modules nor what is bundled or generated has types of its own. */
const typed = modules.filter((name) => !name.startsWith("cli/") && !GENERATED.includes(name) && !vendored.has(name));

test("the tarball has the code, its types, their sources for an editor, and the notices, nothing else", () => {
  const expected = [
    "package.json",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "dist/THIRD_PARTY_NOTICES.txt",
    "schema/config.schema.json",
    "dist/wasm/tree.wasm",
    "src/wasm/wasm-module.d.ts",
    ...modules.map((name) => `dist/${name}.js`),
    ...typed.flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.d.ts.map`, `src/${name}.ts`]),
  ];
  expect(packedFiles().sort()).toEqual(expected.sort());
});

test("the notices name every bundled package, with its licence", () => {
  const notices = readFileSync(join(ROOT, "dist/THIRD_PARTY_NOTICES.txt"), "utf8");
  const sections = notices.split(/^-{80}$/m).slice(1);
  expect(vendored.size).toBeGreaterThan(0);
  for (const bundled of vendored.values()) {
    const folder = join(ROOT, "node_modules", bundled);
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const section = sections.find((one) => one.startsWith(`\n${bundled} ${version}\n`));
    expect(section).toContain(readFileSync(join(folder, "LICENSE"), "utf8").trim());
  }
});

test("nothing is installed with it", () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  for (const field of ["dependencies", "optionalDependencies", "bundleDependencies"]) {
    expect(manifest[field] ?? {}).toEqual({});
  }
  // What a user may bring: npm installs no optional peer.
  const peers = Object.keys(manifest.peerDependencies);
  expect(peers).toEqual(["@opentelemetry/api"]);
  for (const peer of peers) expect(manifest.peerDependenciesMeta[peer]).toEqual({ optional: true });
  for (const script of ["preinstall", "install", "postinstall"]) expect(manifest.scripts).not.toHaveProperty(script);
});
