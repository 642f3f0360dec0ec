// The package has no dependencies: each file of dist/ that re-exports one is replaced by a bundle of what it re-exports,
// and the bundled packages' licences go to dist/THIRD_PARTY_NOTICES.txt.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const VENDORED = [
  { file: "dist/gateway/hono.js", platform: "neutral" },
  { file: "dist/app/zod.js", platform: "neutral" },
  { file: "dist/cli/commander.js", platform: "node" },
  { file: "dist/cli/config/yaml.js", platform: "node" },
  { file: "dist/cli/undici.js", platform: "node" },
];

const packages = new Map();
for (const { file, platform } of VENDORED) {
  const { metafile } = await build({
    entryPoints: [file],
    outfile: file,
    allowOverwrite: true,
    bundle: true,
    minify: true,
    format: "esm",
    platform,
    target: "es2022",
    legalComments: "none",
    // CommonJS packages ask for Node's modules by `require`, which an ES module does not have.
    banner:
      platform === "node"
        ? { js: 'import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);' }
        : {},
    metafile: true,
  });
  const folders = Object.keys(metafile.inputs).map(packageFolder);
  if (folders.every((folder) => folder === null)) throw new Error(`${file} is a bundle already: run tsc first`);
  for (const folder of folders) {
    if (folder !== null) packages.set(folder, JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
  }
  // Its types name the package, and nothing outside refers to them.
  const declarations = file.replace(/\.js$/, ".d.ts");
  for (const path of [declarations, `${declarations}.map`]) rmSync(path, { force: true });
}

const notices = [...packages].map(([folder, { name, version }]) => ({ name, version, licence: licenceOf(folder) }));
notices.sort((a, b) => (a.name < b.name ? -1 : 1));
writeFileSync(
  "dist/THIRD_PARTY_NOTICES.txt",
  `This package contains parts of the following packages.\n${notices
    .map(({ name, version, licence }) => `\n${"-".repeat(80)}\n${name} ${version}\n\n${licence.trim()}\n`)
    .join("")}`,
);

/** The innermost package that a bundled file belongs to; null for our own. */
function packageFolder(input) {
  const at = input.lastIndexOf("node_modules/");
  if (at === -1) return null;
  const [scopeOrName, name] = input.slice(at + "node_modules/".length).split("/");
  return join(input.slice(0, at), "node_modules", scopeOrName.startsWith("@") ? `${scopeOrName}/${name}` : scopeOrName);
}

function licenceOf(folder) {
  const file = readdirSync(folder).find((name) => /^licen[cs]e(\.|$)/i.test(name));
  if (file === undefined) throw new Error(`${folder} has no licence file to pass on`);
  return readFileSync(join(folder, file), "utf8");
}
