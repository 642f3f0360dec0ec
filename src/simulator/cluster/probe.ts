import type { RequestKey } from "../../routing/index.js";
import { BLOCK_SIZE, Sequence } from "../engine/index.js";
import type { SimulatedReplica } from "./simulated-replica.js";
import type { SimulatedRequest } from "./simulated-request.js";

/** What one more request would meet on a replica. */
export interface Outlook {
  /** Predicted ms from now to the end of the step that gives its first token. */
  readonly ttftMs: number;
  /** ms of it that are the request's own prefill. */
  readonly prefillMs: number;
  /** Requests there, each of which that prefill holds up. */
  readonly others: number;
}

/** What nobody sees of a real replica: its cache, its queue and the step that it is in. */
export class ClusterProbe {
  readonly #byId: ReadonlyMap<string, SimulatedReplica>;
  readonly #nowMs: () => number;
  readonly #tokenize: (text: string) => readonly number[];
  /** The prompts of requests that wait for a place are asked for again and again. */
  readonly #sequences = new WeakMap<RequestKey, Sequence>();
  /** The prompts of requests that a replica has taken and its engine has not. */
  readonly #onTheirWay = new WeakMap<readonly number[], Sequence>();

  constructor(
    replicas: ReadonlyMap<string, SimulatedReplica>,
    nowMs: () => number,
    tokenize: (text: string) => readonly number[],
  ) {
    this.#byId = replicas;
    this.#nowMs = nowMs;
    this.#tokenize = tokenize;
  }

  /** Were the request sent to that replica now. O(blocks that match + requests there, squared for those not computed yet). */
  outlook(key: RequestKey, replica: string): Outlook {
    const { engine, stepEndMs, requests } = this.#byId.get(replica)!;
    const { stepMs, prefillTokenMs, attentionPairMs, decodeMs, contextTokenMs, maxNumBatchedTokens } = engine.profile;
    const own = this.#sequenceOf(key);
    let [prefill, decoding, context] = [0, 0, 0];
    let cached = this.#cachedBlocks(own, replica);
    // In the order in which they came: what is computed for one is there for those behind it, and for this request.
    const before: Sequence[] = [];
    for (const request of requests) {
      const other = request.sequence ?? this.#onTheirWayOf(request);
      const { promptTokens } = other;
      if (request.sequence !== null && other.firstTokenMs !== null) {
        decoding++;
        context += other.computed;
        continue;
      }
      cached = Math.max(cached, commonBlocks(own, other));
      let known = other.computed;
      if (other.scheduledMs === null) {
        let blocks = this.#cachedBlocks(other, replica);
        for (const each of before) blocks = Math.max(blocks, commonBlocks(other, each));
        known = blocks * BLOCK_SIZE;
      }
      prefill += promptTokens - Math.min(known, promptTokens - 1);
      before.push(other);
    }
    const ownCached = Math.min(cached, Math.floor((own.promptTokens - 1) / BLOCK_SIZE)) * BLOCK_SIZE;
    const ownPrefill = own.promptTokens - ownCached;
    const prefillMs = prefillTokenMs * ownPrefill + attentionPairMs * ownPrefill * (ownCached + ownPrefill / 2);
    const steps = Math.ceil((prefill + ownPrefill) / Math.max(1, maxNumBatchedTokens - decoding));
    const stepLeftMs = stepEndMs === null ? 0 : Math.max(0, stepEndMs - this.#nowMs());
    const stepsMs = steps * (stepMs + decodeMs * decoding + contextTokenMs * context);
    return { ttftMs: stepLeftMs + stepsMs + prefillTokenMs * prefill + prefillMs, prefillMs, others: requests.size };
  }

  #cachedBlocks(sequence: Sequence, replica: string): number {
    const { pool, prefixCaching } = this.#byId.get(replica)!.engine;
    const blocks = prefixCaching ? Math.floor(sequence.promptTokens / BLOCK_SIZE) : 0;
    let cached = 0;
    while (cached < blocks && pool.find(sequence.hashOf(cached)) >= 0) cached++;
    return cached;
  }

  #sequenceOf(key: RequestKey): Sequence {
    let sequence = this.#sequences.get(key);
    if (sequence === undefined) {
      sequence = promptOf(this.#tokenize(key.text));
      this.#sequences.set(key, sequence);
    }
    return sequence;
  }

  #onTheirWayOf({ tokens }: SimulatedRequest): Sequence {
    let sequence = this.#onTheirWay.get(tokens);
    if (sequence === undefined) {
      sequence = promptOf(tokens);
      this.#onTheirWay.set(tokens, sequence);
    }
    return sequence;
  }
}

function promptOf(tokens: readonly number[]): Sequence {
  return new Sequence({ prompt: tokens, outputTokens: 1, outputToken: () => 0 }, 0);
}

/** Whole blocks that two prompts have in common. A block's hash tells all before it too, so halving finds them. */
function commonBlocks(a: Sequence, b: Sequence): number {
  let low = 0;
  let high = Math.floor(Math.min(a.promptTokens, b.promptTokens) / BLOCK_SIZE);
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (a.hashOf(middle - 1) === b.hashOf(middle - 1)) low = middle;
    else high = middle - 1;
  }
  return low;
}
