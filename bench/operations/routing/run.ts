/**
 * `npm run bench:routing`: `route()` + `release()` of a parsed chat body, every policy side by side, and what of it is the key and the
 * tree. `--help` names the options.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Lease, type PolicyName, PrefixTree, type RouteOptions, Router } from "../../../dist/index.js";
import { POLICIES } from "../../../dist/routing/policies/index.js";
import { KeyReader } from "../../../src/routing/request-key.js";
import { thisMachine } from "../machine.js";
import { CHARACTERS, type ChatBody, chatBodies, MESSAGES } from "./bodies.js";
import { type Timing, timed } from "./time.js";

const HELP = `Usage: npm run bench:routing -- [options]

Times route() + release() of parsed chat bodies (${MESSAGES} messages, ${CHARACTERS} characters), key and insert included.

  --bodies <n>      different bodies (1000)
  --replicas <n,n>  numbers of replicas (8,512)
  --policies <a,b>  only these
  --passes <n>      timed passes over the bodies (20)
  --seed <n>        seed of the bodies (1)
  --json <file>     also write the figures to a file
  --check           compare prefix_aware with the goals; exits 1 when one is missed
  --help            this text`;

/** Microseconds, decisions a second, and times as much with 512 replicas as with 8. */
const GOALS = { p50: 6, perSecond: 100_000, growth: 2 };

interface Row extends Timing {
  readonly what: string;
  readonly replicas: number | null;
}

const { values } = parseArgs({
  options: {
    bodies: { type: "string", default: "1000" },
    replicas: { type: "string", default: "8,512" },
    policies: { type: "string", default: Object.keys(POLICIES).join(",") },
    passes: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    json: { type: "string" },
    check: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) process.stdout.write(`${HELP}\n`);
else run();

function run(): void {
  const bodies = chatBodies(Number(values.bodies), Number(values.seed));
  const passes = Number(values.passes);
  const rows: Row[] = [];
  const add = (what: string, replicas: number | null, timing: Timing): void => {
    rows.push({ what, replicas, ...timing });
    print(rows.at(-1)!);
  };
  const machine = thisMachine();
  process.stdout.write(`Node ${machine.node}, ${machine.cpu} × ${machine.cores}\n`);
  add("key alone", null, keyAlone(bodies, passes));
  for (const count of values.replicas.split(",").map(Number)) {
    add("tree alone (matchThenInsert)", count, treeAlone(bodies, passes, count));
    for (const policy of values.policies.split(",") as PolicyName[]) {
      add(
        policy,
        count,
        routed(bodies, passes, policy, count, () => {}),
      );
    }
    add(
      "prefix_aware, candidates read",
      count,
      routed(bodies, passes, "prefix_aware", count, ({ decision }) => decision.candidates),
    );
    add(
      "prefix_aware, explained",
      count,
      routed(bodies, passes, "prefix_aware", count, () => {}, { explain: true }),
    );
  }
  if (values.json !== undefined) write(values.json, { date: new Date().toISOString(), machine, goals: GOALS, rows });
  if (values.check && !reached(rows)) process.exitCode = 1;
}

function routed(
  bodies: readonly ChatBody[],
  passes: number,
  policy: PolicyName,
  count: number,
  look: (lease: Lease) => unknown,
  options?: RouteOptions,
): Timing {
  let now = 0;
  const replicas = Array.from({ length: count }, (_, i) => ({ id: `replica-${i}` }));
  using router = new Router({ policy, replicas, seed: 1, clock: () => (now += 0.001) });
  // A router at work holds leases: without any, all queues are equal.
  const held = bodies.slice(0, 4 * count).map((body) => router.route(body));
  const timing = timed(bodies, passes, (body) => {
    const lease = router.route(body, options);
    look(lease);
    lease.release();
  });
  for (const lease of held) lease.release();
  return timing;
}

function keyAlone(bodies: readonly ChatBody[], passes: number): Timing {
  const reader = new KeyReader("structured");
  let characters = 0;
  // The length of a key that has been flattened: as it is when it crosses into the tree.
  return timed(bodies, passes, (body) => {
    characters += reader.read(body, {}).text.charCodeAt(characters & 63);
  });
}

function treeAlone(bodies: readonly ChatBody[], passes: number, count: number): Timing {
  const reader = new KeyReader("structured");
  const names = Array.from({ length: count }, (_, i) => `replica-${i}`);
  const tree = new PrefixTree();
  tree.addTenants(names, 0);
  const set = tree.tenantSet(names);
  let now = 0;
  const keys = bodies.map((body, i) => {
    const { text, namespace } = reader.read(body, {});
    return { text, namespace, tenant: names[i % count]! };
  });
  return timed(keys, passes, ({ text, namespace, tenant }) => {
    now++;
    tree.matchThenInsert(text, set, () => tenant, now, namespace);
  });
}

function reached(rows: readonly Row[]): boolean {
  const of = (replicas: number): Row | undefined =>
    rows.find((row) => row.what === "prefix_aware" && row.replicas === replicas);
  const [few, many] = [of(8), of(512)];
  if (few === undefined || many === undefined)
    throw new RangeError("--check needs prefix_aware with 8 and 512 replicas");
  const growth = many.p50 / few.p50;
  const verdicts = [
    [`p50 ${few.p50.toFixed(2)} µs, goal ${GOALS.p50}`, few.p50 <= GOALS.p50],
    [`${Math.round(few.perSecond)} decisions/s, goal ${GOALS.perSecond}`, few.perSecond >= GOALS.perSecond],
    [`512 replicas take ${growth.toFixed(2)} times as long, goal ${GOALS.growth}`, growth <= GOALS.growth],
  ] as const;
  for (const [figure, isReached] of verdicts) process.stdout.write(`${isReached ? "reached" : "missed "}  ${figure}\n`);
  return verdicts.every(([, isReached]) => isReached);
}

function print({ what, replicas, p50, p99, perSecond }: Row): void {
  const place = replicas === null ? "" : `${replicas} replicas`;
  const figures = `p50 ${p50.toFixed(2).padStart(6)} µs  p99 ${p99.toFixed(2).padStart(6)} µs  ${String(Math.round(perSecond)).padStart(8)}/s`;
  process.stdout.write(`${what.padEnd(32)}${place.padEnd(14)}${figures}\n`);
}

function write(name: string, contents: unknown): void {
  // npm starts the script in the workspace's folder, not in the user's.
  const file = resolve(process.env.INIT_CWD ?? ".", name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(contents, null, 2)}\n`);
}
