/**
 * `npm run bench:routing`: `route()` + `release()` of a parsed chat body, every policy side by side, and what of it is the key and the
 * tree. `--help` names the options.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { type Lease, type PolicyName, PrefixTree, type RouteOptions, Router } from "../../../dist/index.js";
import { POLICIES } from "../../../dist/routing/policies/index.js";
import { KeyReader } from "../../../src/routing/request-key.js";
import { userPath } from "../../user-path.js";
import { thisMachine } from "../machine.js";
import { CHARACTERS, type ChatBody, chatBodies, MESSAGES } from "./bodies.js";
import { type Timing, timed, timedInTurns } from "./time.js";

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
  /** Medians of what is in it, measured alone: of the key, and of the tree where the policy has one. */
  readonly keyUs: number | null;
  readonly treeUs: number | null;
}

/** What can follow a router; the journals' lines are joined to nothing. */
const WATCHES: readonly (readonly [string, (router: Router) => Disposable])[] = [
  ["recorded, texts", (router) => router.record(() => {})],
  ["recorded, hashes", (router) => router.record(() => {}, { keys: "hashes", salt: "a salt" })],
  ["observed", (router) => router.observe(() => {})],
];

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

/** Held so that the collector does not end them. */
const held: Lease[] = [];

if (values.help) process.stdout.write(`${HELP}\n`);
else await run();

async function run(): Promise<void> {
  const bodies = chatBodies(Number(values.bodies), Number(values.seed));
  const passes = Number(values.passes);
  const rows: Row[] = [];
  const add = (row: Row): void => {
    rows.push(row);
    print(row);
  };
  const machine = thisMachine();
  process.stdout.write(`Node ${machine.node}, ${machine.cpu} × ${machine.cores}\n`);
  const key = keyAlone(bodies, passes);
  add({ what: "key alone", replicas: null, keyUs: null, treeUs: null, ...key });
  for (const replicas of values.replicas.split(",").map(Number)) {
    const tree = treeAlone(bodies, passes, replicas);
    add({ what: "tree alone (matchThenInsert)", replicas, keyUs: null, treeUs: null, ...tree });
    const parts = { replicas, keyUs: key.p50, treeUs: tree.p50 };
    for (const policy of values.policies.split(",") as PolicyName[]) {
      using router = routerOf(policy, replicas);
      const timing = routed(router, bodies, passes);
      add({ what: policy, ...parts, ...(router.tree === null && { treeUs: null }), ...timing });
    }
    using router = routerOf("prefix_aware", replicas);
    const read = routed(router, bodies, passes, ({ decision }) => decision.candidates);
    add({ what: "prefix_aware, candidates read", ...parts, ...read });
    const explained = routed(router, bodies, passes, () => {}, { explain: true });
    add({ what: "prefix_aware, explained", ...parts, ...explained });
    add({ what: "prefix_aware, a turn a request", ...parts, ...(await routedInTurns(router, bodies, passes)) });
    for (const [what, watch] of WATCHES) {
      using _watch = watch(router);
      add({ what: `prefix_aware, ${what}`, ...parts, ...routed(router, bodies, passes) });
    }
  }
  if (values.json !== undefined) write(values.json, { date: new Date().toISOString(), machine, goals: GOALS, rows });
  if (values.check && !reached(rows)) process.exitCode = 1;
}

/** A router at work holds leases: without any, all queues are equal. */
function routerOf(policy: PolicyName, count: number): Router {
  let now = 0;
  const replicas = Array.from({ length: count }, (_, i) => ({ id: `replica-${i}` }));
  const router = new Router({ policy, replicas, seed: 1, clock: () => (now += 0.001) });
  for (let i = 0; i < 4 * count; i++) held.push(router.route({ text: `${i}` }));
  return router;
}

function routed(
  router: Router,
  bodies: readonly ChatBody[],
  passes: number,
  look: (lease: Lease) => unknown = () => {},
  options?: RouteOptions,
): Timing {
  return timed(bodies, passes, (body) => {
    const lease = router.route(body, options);
    look(lease);
    lease.release();
  });
}

/** Each lease outlives the turn of the event loop in which it began, as in a server: the collector is told to watch it. */
function routedInTurns(router: Router, bodies: readonly ChatBody[], passes: number): Promise<Timing> {
  return timedInTurns(
    bodies,
    passes,
    (body) => router.route(body),
    (lease) => lease.release(),
  );
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

function print({ what, replicas, p50, p99, perSecond, keyUs, treeUs }: Row): void {
  const place = replicas === null ? "" : `${replicas} replicas`;
  const figures = `p50 ${us(p50)} µs  p99 ${us(p99)} µs  ${String(Math.round(perSecond)).padStart(8)}/s`;
  const rest = p50 - (keyUs ?? 0) - (treeUs ?? 0);
  const parts =
    keyUs === null ? "" : `  key ${us(keyUs)}${treeUs === null ? "" : `  tree ${us(treeUs)}`}  rest ${us(rest)}`;
  process.stdout.write(`${what.padEnd(32)}${place.padEnd(14)}${figures}${parts}\n`);
}

function us(value: number): string {
  return value.toFixed(2).padStart(5);
}

function write(name: string, contents: unknown): void {
  const file = userPath(name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(contents, null, 2)}\n`);
}
