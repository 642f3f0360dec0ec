// The package, packed and installed as a user has it, in every runtime. `--help` tells more.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { readScenarios } from "../conformance/recordings.js";
import { type Bundles, bundle } from "./bundles.js";
import { CACHE, installed, npmInstall } from "./cache.js";
import { readGolden, writeGolden } from "./golden.js";
import { programOf, runProgram, versionOf } from "./hosts.js";
import { CHECK_NAMES, REPORT_MARK, type Report } from "./program/program.js";
import { tryExample, writeExample } from "./readme.js";
import { run } from "./run.js";
import { type Check, RUNTIMES, type Runtime, triesReadme, type Way } from "./runtimes.js";
import { markdownTable } from "./table.js";

const CHECKS: readonly Check[] = [...CHECK_NAMES, "readme"];

const HELP = `npm run test:runtimes -- [options]

Packs the package, installs the tarball into an empty folder, and runs the same program there in every runtime.
Runtimes come from npm into ${CACHE}; Chromium is the system's.

  --only NAME    only runtimes whose name contains this; can be given several times
  --json FILE    write { passed, failed, skipped }, each runtime × check counted once
  --update       make the golden values anew (test/runtimes/golden/), from the sources, and run nothing
  --keep         keep the folder in which the package was installed, and print where it is
`;

/** One way of one runtime. An outcome is null where the check has passed, else what went wrong. */
interface Row {
  readonly runtime: Runtime;
  readonly way: Way;
  version: string;
  /** Why the runtime is not there. */
  absent: string | null;
  readonly outcomes: Map<Check, string | null>;
}

const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    json: { type: "string" },
    update: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (options.help) console.log(HELP);
else if (options.update) await writeGolden();
else await testRuntimes();

async function testRuntimes(): Promise<void> {
  const wanted = RUNTIMES.filter(
    ({ name }) =>
      options.only.length === 0 || options.only.some((part) => name.toLowerCase().includes(part.toLowerCase())),
  );
  if (wanted.length === 0) throw new Error(`no runtime is called ${options.only.join(" or ")}`);
  const folder = mkdtempSync(join(tmpdir(), "warmroute-user-"));
  try {
    console.log("packing the package, installing what is not in the cache");
    // Downloads take the network, packing the processor.
    const [installations, bundles] = await Promise.all([installAll(wanted), installPackage(folder)]);
    const printed = writeExample(folder);
    const rows: Row[] = [];
    for (const [runtime, installation] of installations) {
      for (const way of runtime.ways) {
        console.log(`${runtime.name}, ${way}`);
        rows.push(await testOne(runtime, way, installation, bundles, printed));
      }
    }
    tell(rows);
  } finally {
    if (options.keep) console.log(`\n${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

/** Each runtime with its folder in the cache, or why it is not to be had. */
async function installAll(runtimes: readonly Runtime[]): Promise<Map<Runtime, string | Error>> {
  const folders = await Promise.all(runtimes.map(({ source }) => installed(source).catch((error: Error) => error)));
  return new Map(runtimes.map((runtime, i) => [runtime, folders[i]!]));
}

async function installPackage(folder: string): Promise<Bundles> {
  const packed = await run("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: join(import.meta.dirname, "../.."),
    patienceMs: 120_000,
  });
  const tarball = /warmroute-[\w.-]+\.tgz/.exec(packed.stdout)?.[0];
  if (packed.code !== 0 || tarball === undefined) throw new Error(`npm pack: ${packed.output}`);
  await npmInstall(folder, `./${tarball}`);
  // The table of policies is nobody's business but the package's own, so it has no entry point.
  const policies = join(folder, "node_modules/warmroute/dist/routing/policies/index.js");
  const { POLICIES } = await import(pathToFileURL(policies).href);
  return bundle(folder, { scenarios: readScenarios(), policies: Object.keys(POLICIES), golden: readGolden() });
}

async function testOne(
  runtime: Runtime,
  way: Way,
  installation: string | Error,
  bundles: Bundles,
  printed: string,
): Promise<Row> {
  const row: Row = { runtime, way, version: "", absent: null, outcomes: new Map() };
  try {
    if (installation instanceof Error) throw installation;
    programOf(runtime, installation);
  } catch (error) {
    row.absent = String(error);
    return row;
  }
  // From here on it is there: whatever goes wrong is a failure.
  let output: string;
  try {
    row.version = await versionOf(runtime, installation);
    output = await runProgram(runtime, way, installation, bundles);
  } catch (error) {
    output = String(error);
  }
  const report = reportIn(output);
  for (const check of CHECK_NAMES) row.outcomes.set(check, report === null ? output : report[check]);
  if (triesReadme(runtime, way)) {
    row.outcomes.set("readme", await tryExample(runtime, installation, bundles.folder, printed));
  }
  return row;
}

function reportIn(output: string): Report | null {
  const line = output.split("\n").find((line) => line.includes(REPORT_MARK));
  return line === undefined ? null : JSON.parse(line.slice(line.indexOf(REPORT_MARK) + REPORT_MARK.length));
}

/** Prints what failed, what is absent, and the table; sets the exit code. */
function tell(rows: readonly Row[]): void {
  const count = { passed: 0, failed: 0, skipped: 0 };
  const failures: string[] = [];
  const table = [["runtime", "version", "package", ...CHECKS]];
  for (const { runtime, way, version, absent, outcomes } of rows) {
    const cells = CHECKS.map((check) => {
      if (check === "readme" && !triesReadme(runtime, way)) return "";
      if (absent !== null) {
        count.skipped++;
        return "absent";
      }
      const failure = outcomes.get(check)!;
      count[failure === null ? "passed" : "failed"]++;
      if (failure !== null) failures.push(`${runtime.name}, ${way}: ${check}\n${failure.slice(-4000)}`);
      return failure === null ? "✓" : "✗";
    });
    if (absent !== null && way === runtime.ways[0]) console.log(`\n${runtime.name} is absent\n${absent}`);
    table.push([runtime.name, version, way, ...cells]);
  }
  for (const failure of failures) console.log(`\nFAILED ${failure}`);
  console.log(`\n${markdownTable(table)}\n`);
  console.log(`runtime × check: ${count.passed} passed, ${count.failed} failed, ${count.skipped} absent`);
  if (options.json !== undefined) writeFileSync(options.json, JSON.stringify({ ...count, failures }));
  if (count.failed > 0) process.exitCode = 1;
}
