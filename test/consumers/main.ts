// The package, packed and installed as a user has it, built by every bundler without any configuration. `--help` tells more.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromiumProgram } from "../runtimes/chromium.js";
import { run } from "../runtimes/run.js";
import { markdownTable } from "../runtimes/table.js";
import { BUNDLERS } from "./bundlers.js";
import { type Consumer, PROGRAMS, type Program, type Row, type Scratch, type Size } from "./consumer.js";
import { NEXT } from "./next.js";
import { WRANGLER } from "./wrangler.js";

const ROOT = join(import.meta.dirname, "../..");
const CONSUMERS: readonly Consumer[] = [...BUNDLERS, WRANGLER, ...NEXT];

/** What is in each program beside the few lines that use it, as the table names it. */
const COLUMNS: Readonly<Record<Program, string>> = {
  tree: "`PrefixTree`",
  router: "`Router`",
  gateway: "and gateway",
  simulator: "and simulator",
};

const HELP = `npm run test:consumers -- [options]

Packs the package, installs the tarball into an empty folder beside the bundlers of test/consumers/package.json (600 MB, from npm),
builds each file of test/consumers/programs/ with each of them, and runs what they have made.

  --only NAME    only consumers whose name contains this; can be given several times
  --update       write the table into the README
  --keep         keep the folder, and print where it is
`;

const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    update: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (options.help) console.log(HELP);
else await testConsumers();

async function testConsumers(): Promise<void> {
  const wanted = CONSUMERS.filter(
    ({ name }) =>
      options.only.length === 0 || options.only.some((part) => name.toLowerCase().includes(part.toLowerCase())),
  );
  if (wanted.length === 0) throw new Error(`no consumer is called ${options.only.join(" or ")}`);
  const folder = mkdtempSync(join(tmpdir(), "warmroute-consumers-"));
  Object.assign(process.env, { NEXT_TELEMETRY_DISABLED: "1", WRANGLER_SEND_METRICS: "false" });
  try {
    await install(folder);
    const scratch = { folder, chromium: hasChromium() };
    const expected = await runUnbundled(scratch);
    const table = [["consumer", "version", ...PROGRAMS.map((program) => COLUMNS[program]), "run in"]];
    let failures = 0;
    for (const consumer of wanted) {
      console.log(`${consumer.name}: ${consumer.command}`);
      try {
        for (const row of await consumer.build(scratch)) {
          failures += tellDifferences(row, expected);
          table.push(cellsOf(row, versionOf(scratch, consumer)));
        }
      } catch (error) {
        failures++;
        console.log(`${consumer.name} failed: ${error instanceof Error ? error.message : error}`);
      }
    }
    console.log(`\nKiB, raw / gzip\n\n${markdownTable(table)}\n`);
    if (failures > 0) process.exitCode = 1;
    else if (options.update) updateReadme(markdownTable(table));
  } finally {
    if (options.keep) console.log(folder);
    else rmSync(folder, { recursive: true, force: true });
  }
}

async function install(folder: string): Promise<void> {
  const patience = { cwd: ROOT, patienceMs: 120_000 };
  const packed = await run("npm", ["pack", "--json", "--pack-destination", folder], patience);
  const tarball = /warmroute-[\w.-]+\.tgz/.exec(packed.stdout)?.[0];
  if (packed.code !== 0 || tarball === undefined) throw new Error(`npm pack: ${packed.output}`);
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "package.json"), "utf8"));
  manifest.dependencies.warmroute = `file:${tarball}`;
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  const installed = await run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: folder,
    patienceMs: 600_000,
  });
  if (installed.code !== 0) throw new Error(`npm install: ${installed.output}`);
  cpSync(join(import.meta.dirname, "programs"), join(folder, "programs"), { recursive: true });
}

function hasChromium(): boolean {
  try {
    chromiumProgram();
    return true;
  } catch {
    return false;
  }
}

/** What each program prints in Node, without a bundler: what all others have to print too. */
async function runUnbundled({ folder }: Scratch): Promise<Map<Program, string>> {
  const printed = new Map<Program, string>();
  for (const program of PROGRAMS) {
    const code = `import { program } from "./programs/${program}.js"; console.log(await program());`;
    const args = ["--input-type=module", "--eval", code];
    const { code: exit, output } = await run(process.execPath, args, { cwd: folder, patienceMs: 30_000 });
    if (exit !== 0 || !output.startsWith("{")) throw new Error(`${program} without a bundler: ${output}`);
    printed.set(program, output.trim());
  }
  return printed;
}

/** Prints what was not as it should be; how often. Only lines of JSON are the programs' own: Chromium misses an icon, too. */
function tellDifferences({ name, built }: Row, expected: ReadonlyMap<Program, string>): number {
  let count = 0;
  for (const { program, printed } of built) {
    for (const [where, output] of printed) {
      const line = output.split("\n").find((line) => line.startsWith("{"));
      if (line === expected.get(program)) continue;
      count++;
      console.log(`${name}, ${program} in ${where} printed:\n${output}instead of:\n${expected.get(program)}`);
    }
  }
  return count;
}

function cellsOf({ name, built }: Row, version: string): string[] {
  const places = [...built[0]!.printed.keys()];
  const sizes = PROGRAMS.map((program) => cell(built.find((one) => one.program === program)!.size));
  return [name, version, ...sizes, places.length === 0 ? "nowhere" : places.join(", ")];
}

function cell({ raw, gzip }: Size): string {
  return `${(raw / 1024).toFixed(1)} / ${(gzip / 1024).toFixed(1)}`;
}

function versionOf({ folder }: Scratch, consumer: Consumer): string {
  return JSON.parse(readFileSync(join(folder, "node_modules", consumer.package, "package.json"), "utf8")).version;
}

function updateReadme(table: string): void {
  const file = join(ROOT, "README.md");
  const readme = readFileSync(file, "utf8");
  const place = /(?<=<!-- consumers -->\n).*?(?=<!-- \/consumers -->)/s;
  if (!place.test(readme)) throw new Error("the README has no place for the table of consumers");
  writeFileSync(file, readme.replace(place, `\n${table}\n\n`));
}
