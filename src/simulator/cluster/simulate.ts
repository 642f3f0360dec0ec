import type { ServingFigures } from "../../measure/index.js";
import { requestsOf, type Tokenizer, tokenize, type Workload } from "../../workloads/index.js";
import { BLOCK_SIZE, Sequence } from "../engine/index.js";
import { Cluster } from "./cluster.js";
import { HashSet } from "./hash-set.js";
import { type ClusterOptions, type ClusterSettings, settingsOf } from "./options.js";
import type { ClusterResult } from "./result.js";
import { ownTokens } from "./simulated-request.js";

/** Events between two looks at the signal, and between two turns of the host. */
const A_WHILE = 4096;

/** The most requests a replica that are under way when `pow_of_2` is to be saturated. */
const SATURATING = 64;

/**
 * Runs engines, routers and clients in virtual time, without a socket and without waiting: the engine of `simulatedReplica`, and real
 * `Router`s with their clock and timers. Same options, same result, on every runtime and however busy the machine is.
 * @throws TypeError or RangeError that names the option or the request, its value and what is accepted; and whatever a policy of one's own
 * throws.
 */
export async function simulateCluster(options: ClusterOptions): Promise<ClusterResult> {
  const settings = sized(settingsOf(options));
  const { client } = settings;
  if (client.kind !== "open") return run(settings, 0, options);
  const rate = client.rate ?? client.load! * (await saturation(settings, options.signal));
  return run(settings, rate, options);
}

/**
 * Requests a second that the cluster answers with `pow_of_2` when so much is under way that more would only wait: in a closed loop with
 * as many requests as the replicas take, but at most 64 each. `policy` and `client` of the options do not matter.
 */
export async function saturationRate(options: ClusterOptions): Promise<number> {
  return saturation(sized(settingsOf(options)), options.signal);
}

async function saturation(settings: ClusterSettings, signal: AbortSignal | undefined): Promise<number> {
  const { replicas, maxOngoingRequests } = settings;
  const concurrency = replicas * Math.min(maxOngoingRequests, SATURATING);
  const client = { kind: "closed", concurrency, rate: Number.POSITIVE_INFINITY } as const;
  const { serving } = await run(
    { ...settings, policy: "pow_of_2", policyOptions: {}, client, warmup: false },
    0,
    signal === undefined ? {} : { signal },
  );
  return serving.requestThroughput;
}

type Watchers = Pick<ClusterOptions, "onRouter" | "onRequest" | "onScrape" | "onProgress" | "signal">;

async function run(settings: ClusterSettings, rate: number, watchers: Watchers): Promise<ClusterResult> {
  const { onRouter, signal } = watchers;
  signal?.throwIfAborted();
  const cluster = new Cluster(settings, rate, watchers);
  try {
    if (onRouter !== undefined) cluster.eachRouter(onRouter);
    cluster.start();
    let warmup: ServingFigures | null = null;
    if (settings.warmup) {
      await toItsEnd(cluster, settings, watchers);
      warmup = cluster.startAgain();
    }
    await toItsEnd(cluster, settings, watchers);
    cluster.end();
    return cluster.result(warmup);
  } finally {
    cluster.dispose();
  }
}

async function toItsEnd(
  cluster: Cluster,
  { workload }: ClusterSettings,
  { onProgress, signal }: Watchers,
): Promise<void> {
  while (!cluster.isOver) {
    for (let i = 0; i < A_WHILE && !cluster.isOver; i++) cluster.advance();
    onProgress?.(cluster.ended, workload.size);
    // Nothing depends on it: the host gets its turn, and the promises of leases are let go.
    await new Promise((resolve) => setTimeout(resolve, 0));
    signal?.throwIfAborted();
  }
}

/** What a workload sends and has generated. */
interface WorkingSet {
  /** Different blocks of 16 tokens. */
  readonly blocks: number;
  /** Blocks of the largest request. */
  readonly largest: number;
}

/** O(the workload's text). */
function workingSet(workload: Workload, tokenizer: Tokenizer = tokenize): WorkingSet {
  const blocks = new HashSet();
  let largest = 0;
  let number = 0;
  for (const { prompt, answer = "", outputTokens } of requestsOf(workload)) {
    const length = tokenizer(prompt).length + outputTokens;
    const own = ownTokens(number++);
    const tokens = tokenizer(prompt + answer).slice(0, length);
    while (tokens.length < length) tokens.push(own(tokens.length));
    const sequence = new Sequence({ prompt: tokens, outputTokens: 1, outputToken: () => 0 }, 0);
    for (let i = 0; (i + 1) * BLOCK_SIZE <= length; i++) blocks.add(sequence.hashOf(i));
    largest = Math.max(largest, Math.ceil(length / BLOCK_SIZE));
  }
  return { blocks: blocks.size, largest };
}

/** Settings whose profile has the blocks that `cache` asks for. */
function sized(settings: ClusterSettings): ClusterSettings {
  const { cache, replicas, workload, tokenizer, profile } = settings;
  if (cache === "profile") return settings;
  if (typeof cache === "number") return { ...settings, profile: { ...profile, blocks: cache } };
  const { blocks, largest } = workingSet(workload, tokenizer);
  // Twice: what several sequences compute at the same time is there several times.
  const size = cache === "ample" ? 2 * blocks : Math.max(largest, Math.ceil(blocks / 2 / replicas));
  return { ...settings, profile: { ...profile, blocks: size } };
}
