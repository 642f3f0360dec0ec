import { expect, test } from "vitest";
import { type Lease, POLICIES, type PolicyName, PrefixTree, Router } from "../../../src/index.js";
import { Random } from "../../../src/random/index.js";

const REPLICAS = ["a", "b", "c", "d"];
const CONVERSATIONS = 40;
const TURNS = 8;
/** Requests under way at a time. */
const IN_FLIGHT = 12;

interface Outcome {
  /** Share of the later turns of conversations that went to another replica than the turn before. */
  moves: number;
  /** Characters that the chosen replica had been sent before, of all that were sent: by a tree of the test's own. */
  hit: number;
  /** Requests of the busiest replica ÷ the average: 1 is even. */
  imbalance: number;
  /** Most requests under way on one replica ÷ the average, over time. */
  hotspot: number;
}

/**
 * Conversations of 8 turns that share three system prompts, their turns mixed at random, with 12 requests under way. Each turn sends
 * all that was said before.
 */
function run(policy: PolicyName, seed: number): Outcome {
  const random = new Random(seed);
  let now = 0;
  using router = new Router({ policy, replicas: REPLICAS.map((id) => ({ id })), seed, clock: () => now });
  const truth = new PrefixTree();
  truth.addTenants(REPLICAS, 0);
  const systems = [0, 1, 2].map(() => words(random, 200));
  const conversations = Array.from({ length: CONVERSATIONS }, (_, i) => ({
    messages: [{ role: "system", content: systems[i % 3]! }],
    turns: 0,
    home: "",
  }));
  const open = [...conversations];
  const live: Lease[] = [];
  const served = new Map(REPLICAS.map((id) => [id, 0]));
  const sums = { moves: 0, hit: 0, sent: 0, hotspot: 0 };
  const requests = CONVERSATIONS * TURNS;
  for (let i = 0; i < requests; i++) {
    now += 0.1;
    const at = random.below(open.length);
    const conversation = open[at]!;
    conversation.messages.push({ role: "user", content: words(random, 20 + random.below(60)) });
    const lease = router.route(
      { messages: conversation.messages },
      policy === "session" ? { session: `${conversations.indexOf(conversation)}` } : {},
    );
    const { id } = lease.replica;
    const text = conversation.messages.map(({ role, content }) => `${role}\n${content}\n`).join("");
    sums.hit += truth.prefixMatch(text, [id]).matchedChars;
    sums.sent += text.length;
    truth.insert(text, id, now);
    if (conversation.turns > 0 && conversation.home !== id) sums.moves++;
    conversation.home = id;
    served.set(id, served.get(id)! + 1);
    lease.firstToken();
    live.push(lease);
    if (live.length > IN_FLIGHT) live.splice(random.below(live.length), 1)[0]!.release();
    const loads = router.replicas.map(({ queueLength }) => queueLength);
    sums.hotspot += Math.max(...loads) / (live.length / REPLICAS.length);
    conversation.messages.push({ role: "assistant", content: words(random, 30 + random.below(50)) });
    if (++conversation.turns === TURNS) open.splice(at, 1);
  }
  for (const lease of live) lease.release();
  return {
    moves: sums.moves / (CONVERSATIONS * (TURNS - 1)),
    hit: sums.hit / sums.sent,
    imbalance: (Math.max(...served.values()) * REPLICAS.length) / requests,
    hotspot: sums.hotspot / requests,
  };
}

function words(random: Random, count: number): string {
  let text = "";
  for (let i = 0; i < count; i++)
    text += `${random
      .uint32()
      .toString(36)
      .slice(0, 1 + random.below(6))} `;
  return text;
}

function mean(outcomes: readonly Outcome[]): Outcome {
  const of = (name: keyof Outcome): number => outcomes.reduce((sum, each) => sum + each[name], 0) / outcomes.length;
  return { moves: of("moves"), hit: of("hit"), imbalance: of("imbalance"), hotspot: of("hotspot") };
}

function table(rows: Record<string, Outcome>): string {
  const lines = Object.entries(rows).map(
    ([name, { moves, hit, imbalance, hotspot }]) =>
      `${name.padEnd(16)} ${`${(moves * 100).toFixed(1)} %`.padStart(8)} ${`${(hit * 100).toFixed(1)} %`.padStart(8)}` +
      `${imbalance.toFixed(2).padStart(10)}${hotspot.toFixed(2).padStart(9)}`,
  );
  return [`${"policy".padEnd(16)} ${"moves".padStart(8)} ${"hit".padStart(8)} imbalance  hotspot`, ...lines].join("\n");
}

test("4 replicas, 40 conversations of 8 turns: what each policy makes of it (mean of 5 seeds)", () => {
  const rows = Object.fromEntries(
    (Object.keys(POLICIES) as PolicyName[]).map((name) => [name, mean([1, 2, 3, 4, 5].map((seed) => run(name, seed)))]),
  ) as Record<PolicyName, Outcome>;
  console.log(table(rows));

  // Chance alone keeps a turn where the one before was once in four times.
  for (const name of ["random", "round_robin", "pow_of_2", "least_requests"] as const) {
    expect(Math.abs(rows[name].moves - 0.75), name).toBeLessThan(0.05);
    expect(Math.abs(rows[name].hit - rows.random.hit), name).toBeLessThan(0.02);
  }
  for (const name of [
    "consistent_hash",
    "session",
    "prefix_aware",
    "cache_aware",
    "kv_cost",
    "prefix_blocks",
  ] as const) {
    expect(rows[name].moves, name).toBeLessThan(0.65);
    expect(rows[name].hit, name).toBeGreaterThan(rows.random.hit + 0.03);
  }
  // What never moves a conversation computes each turn once.
  expect(rows.session.moves).toBe(0);
  expect(rows.prefix_aware.moves).toBe(0);
  expect(rows.prefix_aware.hit).toBeGreaterThan(0.8);
  // Whoever looks at load alone is even; round robin exactly.
  expect(rows.round_robin.imbalance).toBe(1);
  expect(rows.least_requests.hotspot).toBeLessThan(rows.pow_of_2.hotspot);
  expect(rows.pow_of_2.hotspot).toBeLessThan(rows.random.hotspot);
  // 12 under way never reach cache_aware's bounds, and nothing bounds prefix_aware: neither ever spills.
  expect(rows.cache_aware.moves).toBe(0);
  // What weighs load too is more even than what goes by the match alone, and pays for it in moves and hits.
  for (const name of ["consistent_hash", "kv_cost", "prefix_blocks"] as const) {
    expect(rows[name].hotspot, name).toBeLessThan(rows.prefix_aware.hotspot);
    expect(rows[name].hit, name).toBeLessThan(rows.prefix_aware.hit);
  }
});
