/**
 * `npm run test:examples`: packs the package, installs it with all examples and what they need into a folder outside of the
 * repository (`WARMROUTE_EXAMPLES`, else one in the system's folder for temporary files; kept for the next run), runs the
 * tests of the examples there, and prints a table. `--json FILE` writes vitest's report.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { FROM_NPM, missing } from "./needs.js";
import { ROOT } from "./root.js";

const scratch = process.env.WARMROUTE_EXAMPLES ?? join(tmpdir(), "warmroute-examples");
const examples = readdirSync(join(ROOT, "examples"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(ROOT, "examples", entry.name, "package.json")))
  .map(({ name }) => name);

const { values: options } = parseArgs({ options: { json: { type: "string" } } });

process.env.WARMROUTE_EXAMPLES = scratch;
if (!existsSync(join(ROOT, "dist/index.js"))) throw new Error("dist/ is missing: run `npm run build` first");
install(pack());
process.exitCode = test();

/** Packs what is built. The file is named by what is in it, so that npm sees a new one as new. */
function pack(): string {
  rmSync(join(scratch, "examples"), { recursive: true, force: true });
  for (const old of existsSync(scratch) ? readdirSync(scratch) : [])
    if (old.endsWith(".tgz")) rmSync(join(scratch, old));
  mkdirSync(scratch, { recursive: true });
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", scratch];
  const packed = execFileSync("npm", args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const file = join(scratch, /"filename":\s*"([^"]+)"/.exec(packed)![1]!);
  const named = `warmroute-${createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 12)}.tgz`;
  renameSync(file, join(scratch, named));
  return named;
}

/** One install for all: the examples are workspaces, and what may be missing is optional. */
function install(tarball: string): void {
  for (const example of examples) {
    const folder = join(scratch, "examples", example);
    cpSync(join(ROOT, "examples", example), folder, {
      recursive: true,
      filter: (source) => !source.endsWith("node_modules"),
    });
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    manifest.dependencies.warmroute = `file:../../${tarball}`;
    writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  }
  const manifest = { private: true, workspaces: ["examples/*"], optionalDependencies: FROM_NPM };
  writeFileSync(join(scratch, "package.json"), JSON.stringify(manifest));
  const args = ["install", "--no-package-lock", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel", "error"];
  console.log(`installing into ${scratch}`);
  const { status } = spawnSync("npm", args, { cwd: scratch, stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) throw new Error("npm install failed: the examples need the npm registry, or a cache of it");
}

/** Runs the tests and prints what came of them; 0 when none has failed. */
function test(): number {
  const report = join(scratch, "report.json");
  rmSync(report, { force: true });
  const args = [
    "vitest",
    "run",
    "test/examples",
    "test/bench/installed",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ];
  const { status } = spawnSync("npx", args, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  const { testResults }: Report = JSON.parse(readFileSync(report, "utf8"));
  console.table(
    examples.map((example) => {
      const file = testResults.find(({ name }) => name.endsWith(`/${example}.test.ts`));
      const count = (wanted: string) => file?.assertionResults.filter((each) => each.status === wanted).length ?? 0;
      const failed = file?.status === "failed";
      return {
        example,
        passed: count("passed"),
        failed: count("failed"),
        seconds: file === undefined ? 0 : Math.round((file.endTime - file.startTime) / 100) / 10,
        result: failed ? "FAILED" : (missing(example) ?? (file === undefined ? "no test" : "ok")),
      };
    }),
  );
  if (options.json !== undefined) copyFileSync(report, options.json);
  return status ?? 1;
}

interface Report {
  testResults: {
    name: string;
    status: string;
    startTime: number;
    endTime: number;
    assertionResults: { status: string }[];
  }[];
}
