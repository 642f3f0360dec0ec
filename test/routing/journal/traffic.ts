import {
  type Lease,
  NoReplicaError,
  QueueFullError,
  QueueTimeoutError,
  type RecordOptions,
  type ReplicaOptions,
  type RouteRequest,
  Router,
  type RouterOptions,
} from "../../../src/index.js";
import { Random } from "../../../src/random/index.js";
import { VirtualTime } from "../support.js";

/** A journal, and the decisions that were made while it was written. */
export interface Traffic {
  readonly lines: string[];
  readonly decisions: string[];
  readonly counts: Record<string, number>;
}

const MODELS = ["small", "large"];
const NOT_FAILURES = [NoReplicaError, QueueFullError, QueueTimeoutError];

/**
 * Everything that can happen to a router, by chance: requests of growing conversations in several namespaces, some of token ids, some
 * that nobody can read; first tokens, ends with reports, rejections, retries, waits, time-outs, aborts; replicas that come, go and change,
 * with loads of their own.
 */
export async function traffic(
  options: Partial<RouterOptions> & Pick<RouterOptions, "policy">,
  { requests, seed, record = {} }: { requests: number; seed: number; record?: RecordOptions },
): Promise<Traffic> {
  const random = new Random(seed);
  const time = new VirtualTime();
  // Each reading gives another time, as a real clock may.
  let readings = 0;
  const clock = (): number => {
    readings++;
    return time.clock() + readings / 1e6;
  };
  let list: ReplicaOptions[] = ["a", "b", "c", "d"].map((id, i) => ({
    id,
    maxOngoingRequests: 6 + i,
    model: i === 0 ? MODELS : "small",
    labels: { zone: i < 2 ? "near" : "far" },
  }));
  const router = new Router({
    replicas: list,
    seed,
    clock,
    timers: time.timers,
    maxQueuedRequests: 6,
    queueTimeoutMs: 150,
    leaseIdleSecs: 20,
    ...options,
  });
  const lines: string[] = [];
  router.record((line) => lines.push(line), record);
  const decisions: string[] = [];
  router.watch((event) => {
    if (event.what !== "leased") return;
    const { replica, reason, matchedChars, hitChosen } = event.lease.decision;
    decisions.push(`${replica} ${reason} ${matchedChars} ${hitChosen}`);
  });
  const live: Lease[] = [];
  const accepted = new Set<Lease>();
  const rejected: Lease[] = [];
  const controllers: AbortController[] = [];
  const counts: Record<string, number> = {};
  const count = (what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  const failed = (error: unknown): void => {
    const known = NOT_FAILURES.find((kind) => error instanceof kind);
    if (known === undefined && !(error instanceof Error && error.message === "left")) throw error;
    count(known?.name ?? "left");
  };
  const acquired = (lease: Promise<Lease>): void => {
    lease.then((each) => void live.push(each)).catch(failed);
  };
  const take = <Item>(items: Item[]): Item | undefined => items.splice(random.below(Math.max(1, items.length)), 1)[0];

  for (let i = 0; i < requests; i++) {
    const request = bodyOf(random, i);
    const controller = new AbortController();
    controllers.push(controller);
    const common = {
      session: `session ${random.below(40)}`,
      ...(random.below(3) === 0 && { signal: controller.signal }),
      ...(random.below(20) === 0 && { exclude: new Set(["b"]) }),
      ...(random.below(25) === 0 && { labels: { zone: "far" } }),
      ...(random.below(9) === 0 && { cacheSalt: "salt" }),
    };
    if (random.below(2) === 0) acquired(router.acquire(request, common));
    else {
      try {
        live.push(router.route(request, common));
      } catch (error) {
        failed(error);
      }
    }
    const again = random.below(3) === 0 ? take(rejected) : undefined;
    if (again !== undefined) {
      count("retry");
      acquired(router.acquire(request, { retryOf: again }));
    }
    // Now and then nothing ends for a while: all are full, and requests wait until there is no room for more to wait.
    for (let ends = i % 200 < 60 ? 0 : random.below(4); ends > 0; ends--) end(take(live));
    if (random.below(8) === 0) controllers[Math.max(0, i - random.below(8))]!.abort(new Error("left"));
    if (random.below(50) === 0) {
      count("replicas");
      list =
        random.below(2) === 0
          ? list.filter(({ id }) => id !== "d")
          : [...list.slice(0, 3), { id: "d", maxOngoingRequests: 9 }, { id: "e", maxOngoingRequests: 3 }];
      router.updateReplicas(list);
    }
    if (random.below(12) === 0) {
      const kvUsage = random.below(2) === 0 ? random.float() : null;
      router.setLoad("abcde"[random.below(5)]!, { running: random.below(9), waiting: random.below(4), kvUsage });
    }
    await time.pass(random.below(40));
  }
  for (const lease of live) lease.release();
  await time.pass(10_000);
  router[Symbol.dispose]();
  return { lines, decisions, counts };

  function end(lease: Lease | undefined): void {
    if (lease === undefined || !lease.live) return;
    count("end");
    const kind = random.below(8);
    if (kind === 0 && !accepted.has(lease)) {
      lease.reject(random.below(2) === 0 ? {} : { queueLength: random.below(12) });
      rejected.push(lease);
    } else if (kind === 1) lease.release({ error: new Error("broke") });
    else {
      if (kind < 6) lease.firstToken();
      else lease.accept();
      accepted.add(lease);
      if (kind === 2) live.push(lease);
      else lease.release({ promptTokens: 100, cachedTokens: random.below(100), completionTokens: 7 });
    }
  }
}

function bodyOf(random: Random, i: number): RouteRequest {
  const model = MODELS[random.below(8) === 0 ? 1 : 0]!;
  const conversation = random.below(30);
  if (i % 17 === 16) return { model, prompt: { unreadable: true } };
  if (i % 11 === 10)
    return { model, prompt: Array.from({ length: 60 + random.below(200) }, (_, k) => k * (1 + (conversation % 5))) };
  const messages = [{ role: "system", content: `You are assistant ${conversation % 3}. ${"Be brief. ".repeat(20)}` }];
  for (let turn = 0; turn <= random.below(8); turn++) {
    messages.push({ role: "user", content: `Question ${turn} of ${conversation} 漢字 🙂 ${"x".repeat(turn * 30)}` });
    messages.push({ role: "assistant", content: `Answer ${turn} of ${conversation} ${"y".repeat(turn * 40)}` });
  }
  return { model, messages };
}
