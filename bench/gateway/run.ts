/**
 * `npm run bench:gateway`: the gateway beside other proxies, in front of replicas that cost next to nothing. Replicas, proxies and the
 * load generator are processes of their own. Linux only, since it reads /proc.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { cpus, platform } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { freePort } from "../../src/cli/processes/free-port.js";
import { userPath } from "../user-path.js";
import type { Table } from "./cases/measured.js";
import { openStreams } from "./cases/open-streams.js";
import { sharedPrefix } from "./cases/shared-prefix.js";
import { BURST, PACED, streams } from "./cases/streams.js";
import { unary } from "./cases/unary.js";
import { proxyKinds } from "./proxies/kinds.js";
import { type ProxyKind, startProxy } from "./proxies/proxy.js";

const REPLICAS = 2;
const CASES = ["unary", "burst", "paced", "open", "prefix"] as const;

const { values: options } = parseArgs({
  options: {
    cases: { type: "string", default: CASES.join(",") },
    proxies: { type: "string" },
    seconds: { type: "string", default: "8" },
    rounds: { type: "string", default: "3" },
    nginx: { type: "string", default: "nginx" },
    bun: { type: "string", default: "bun" },
    python: { type: "string", default: "python3" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (options.help) {
  console.log(`npm run bench:gateway -- [--cases ${CASES.join(",")}] [--proxies warmroute,pass-through,…] [--seconds 8] [--rounds 3]
  [--nginx PROGRAM] [--bun PROGRAM] [--python PROGRAM] [--json FILE]
A proxy whose program is not there is left out, and said so.`);
  process.exit(0);
}

const file = options.json === undefined ? null : userPath(options.json);
// What cannot be written is to be known before it is measured.
if (file !== null) closeSync(openSync(file, "a"));
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);
const wanted = options.proxies?.split(",");
const kinds = proxyKinds(options).filter(({ name }) => wanted === undefined || wanted.includes(name));
const replicas = await Promise.all(Array.from({ length: REPLICAS }, startReplica));
const urls = replicas.map(({ url }) => url);
const present: ProxyKind[] = [];
for (const kind of kinds) {
  const missing = kind.missing() ?? (await failure(kind));
  if (missing === null) present.push(kind);
  else console.error(`without ${kind.name}: ${missing}`);
}
const tables: Table[] = [];
try {
  for (const name of options.cases.split(",")) {
    const table = await tableOf(name);
    tables.push(table);
    show(table);
  }
} finally {
  for (const { child } of replicas) child.kill("SIGKILL");
}
if (file !== null) {
  const machine = {
    cpu: cpus()[0]?.model ?? "",
    cores: cpus().length,
    os: `${platform()} ${process.arch}`,
    node: process.version,
  };
  const command = `npm run bench:gateway -- ${process.argv.slice(2).map(shown).join(" ")}`;
  writeFileSync(file, `${JSON.stringify({ command, date: new Date().toISOString(), machine, tables }, null, 2)}\n`);
}

/** What it says when it is started; null when it serves. */
async function failure(kind: ProxyKind): Promise<string | null> {
  try {
    await (await startProxy(kind, urls)).stop();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

function tableOf(name: string): Promise<Table> {
  switch (name) {
    case "unary":
      return unary(present, urls, seconds, rounds);
    case "burst":
      return streams(present, urls, BURST, seconds, rounds);
    case "paced":
      return streams(present, urls, PACED, seconds, rounds);
    case "open":
      return openStreams(present, urls);
    case "prefix":
      return sharedPrefix(present, rounds);
    default:
      throw new Error(`--cases takes ${CASES.join(", ")}, not ${name}`);
  }
}

async function startReplica() {
  const port = await freePort();
  const script = fileURLToPath(new URL("./servers/replica.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", script, String(port)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout!, "data");
  return { child, url: `http://127.0.0.1:${port}` };
}

function show({ what, columns, rows }: Table): void {
  console.log(`\n${what}`);
  console.table(
    Object.fromEntries(
      rows.map(({ proxy, figures }) => [
        proxy,
        Object.fromEntries(columns.map((column) => [column, rounded(figures[column])])),
      ]),
    ),
  );
}

function rounded(value: number | undefined): number | string {
  return value === undefined ? "" : Number(value.toPrecision(4));
}

/** Programs by their names alone: where they lie on this machine is nobody's business. */
function shown(argument: string): string {
  const name = argument.startsWith("/") ? argument.slice(argument.lastIndexOf("/") + 1) : argument;
  return name.includes(" ") ? JSON.stringify(name) : name;
}
