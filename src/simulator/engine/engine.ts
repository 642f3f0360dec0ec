import type { Profile } from "../profiles.js";
import { BLOCK_SIZE, BlockPool } from "./block-pool.js";
import { Sequence, type SequenceOptions } from "./sequence.js";

export interface EngineOptions {
  profile: Profile;
  /** Default: true. */
  enablePrefixCaching?: boolean;
  /** Whether a prompt may be computed over several steps. Default: true. */
  enableChunkedPrefill?: boolean;
}

/** One forward pass: what is computed in it, and how long it takes. */
export interface Step {
  readonly durationMs: number;
  readonly scheduled: readonly { readonly sequence: Sequence; readonly tokens: number }[];
  readonly prefillTokens: number;
}

/** A token that a step has generated. */
export interface GeneratedToken {
  readonly sequence: Sequence;
  readonly index: number;
  readonly last: boolean;
}

/** What an engine counts from its start on. */
export interface EngineCounters {
  /** Tokens looked up in the prefix cache, and those found. */
  prefixCacheQueries: number;
  prefixCacheHits: number;
  /** Of the requests that have got their first token. */
  promptTokens: number;
  generationTokens: number;
  preemptions: number;
}

/**
 * vLLM's scheduler and block cache without the model: in each step running sequences go first, then waiting ones in the order in
 * which they came, all from one budget of tokens; a full cache preempts the last of the running, which is computed again later.
 * Pure: it has no clock and no timers. `schedule` at the time a step begins, then `complete` at the time it ends; between the
 * two requests may be added and aborted.
 */
export class Engine {
  readonly profile: Profile;
  readonly pool: BlockPool;
  readonly counters: EngineCounters = {
    prefixCacheQueries: 0,
    prefixCacheHits: 0,
    promptTokens: 0,
    generationTokens: 0,
    preemptions: 0,
  };
  /** Whether blocks are found again. */
  readonly prefixCaching: boolean;
  readonly #waiting: Sequence[] = [];
  readonly #running: Sequence[] = [];
  readonly #chunkedPrefill: boolean;

  constructor({ profile, enablePrefixCaching = true, enableChunkedPrefill = true }: EngineOptions) {
    this.profile = profile;
    this.pool = new BlockPool(profile.blocks);
    this.prefixCaching = enablePrefixCaching;
    this.#chunkedPrefill = enableChunkedPrefill;
  }

  get running(): number {
    return this.#running.length;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Used share of the blocks, 0 to 1. */
  get cacheUsage(): number {
    return 1 - this.pool.free / this.pool.size;
  }

  /**
   * Puts a request that arrives at `nowMs` into the queue. O(its tokens).
   * @throws RangeError for one without a token to read or to write, or that the cache could never hold.
   */
  add(options: SequenceOptions, nowMs: number): Sequence {
    const { prompt, outputTokens } = options;
    if (prompt.length === 0) throw new RangeError("prompt must have at least one token, not none");
    if (!Number.isInteger(outputTokens) || outputTokens < 1) {
      throw new RangeError(`outputTokens must be a whole number, 1 or more, not ${outputTokens}`);
    }
    const total = prompt.length + outputTokens;
    if (Math.ceil(total / BLOCK_SIZE) > this.pool.size) {
      throw new RangeError(`a sequence of ${total} tokens does not fit ${this.pool.size} blocks of ${BLOCK_SIZE}`);
    }
    const sequence = new Sequence(options, nowMs);
    this.#waiting.push(sequence);
    return sequence;
  }

  /** Ends a sequence at once and frees its blocks; a step under way gives it no token. */
  abort(sequence: Sequence): void {
    if (sequence.aborted || sequence.finishedMs !== null) return;
    sequence.aborted = true;
    this.#free(sequence);
    remove(this.#running, sequence);
    remove(this.#waiting, sequence);
  }

  /** The step that begins at `nowMs`, or null when there is nothing to do. Who arrives later than `nowMs` is not in it. */
  schedule(nowMs: number): Step | null {
    const scheduled: { sequence: Sequence; tokens: number }[] = [];
    let budget = this.profile.maxNumBatchedTokens;
    let preempted = false;
    for (let i = 0; i < this.#running.length && budget > 0; i++) {
      const sequence = this.#running[i]!;
      const tokens = Math.min(sequence.tokens.length - sequence.computed, budget);
      while (!this.#extend(sequence, tokens)) {
        preempted = true;
        const last = this.#running.at(-1)!;
        this.#preempt(last);
        if (last === sequence) break;
      }
      if (this.#running[i] !== sequence) break;
      scheduled.push({ sequence, tokens });
      budget -= tokens;
    }
    if (!preempted) this.#admit(nowMs, budget, scheduled);
    return scheduled.length === 0 ? null : this.#timed(scheduled);
  }

  /** Does what a step has computed. Returns the tokens that it has generated. */
  complete(step: Step, nowMs: number): GeneratedToken[] {
    const generated: GeneratedToken[] = [];
    for (const { sequence, tokens } of step.scheduled) {
      if (sequence.aborted) continue;
      const before = Math.floor(sequence.computed / BLOCK_SIZE);
      sequence.computed += tokens;
      if (this.prefixCaching) {
        const after = Math.floor(sequence.computed / BLOCK_SIZE);
        for (let i = before; i < after; i++) this.pool.cache(sequence.blocks[i]!, sequence.hashOf(i));
        if (after > before) this.pool.listener?.stored(sequence, before, after);
      }
      if (sequence.computed < sequence.tokens.length) continue;
      const index = sequence.generate();
      this.counters.generationTokens++;
      if (sequence.firstTokenMs === null) {
        sequence.firstTokenMs = nowMs;
        this.counters.promptTokens += sequence.promptTokens;
      }
      const last = sequence.generated === sequence.outputTokens;
      if (last) {
        sequence.finishedMs = nowMs;
        this.#free(sequence);
        remove(this.#running, sequence);
      }
      generated.push({ sequence, index, last });
    }
    return generated;
  }

  /** First come, first served: one that finds no room holds back those behind it. */
  #admit(nowMs: number, left: number, scheduled: { sequence: Sequence; tokens: number }[]): void {
    let budget = left;
    while (budget > 0 && this.#running.length < this.profile.maxNumSeqs) {
      const sequence = this.#waiting[0];
      if (sequence === undefined || sequence.arrivedMs > nowMs) return;
      const hits = this.#findCached(sequence);
      const missing = sequence.tokens.length - hits.length * BLOCK_SIZE;
      // A prompt larger than any step's budget gets a step of its own.
      if (!this.#chunkedPrefill && missing > budget && scheduled.length > 0) return;
      const tokens = this.#chunkedPrefill ? Math.min(missing, budget) : missing;
      // Counted before any is touched: one that finds no room must not make its blocks the last to be evicted.
      const revived = hits.filter((block) => this.pool.isFree(block)).length;
      if (revived + Math.ceil(tokens / BLOCK_SIZE) > this.pool.free) return;
      for (const block of hits) this.pool.use(block);
      for (const block of hits) sequence.blocks.push(block);
      sequence.computed = hits.length * BLOCK_SIZE;
      this.#extend(sequence, tokens);
      if (sequence.scheduledMs === null) {
        sequence.scheduledMs = nowMs;
        sequence.cachedTokens = sequence.computed;
        if (this.prefixCaching) this.counters.prefixCacheQueries += sequence.tokens.length;
        this.counters.prefixCacheHits += sequence.computed;
      }
      this.#waiting.shift();
      this.#running.push(sequence);
      scheduled.push({ sequence, tokens });
      budget -= tokens;
    }
  }

  /** The blocks of the longest cached prefix; the last token is always computed, since it gives the next one. */
  #findCached(sequence: Sequence): number[] {
    const hits: number[] = [];
    if (!this.prefixCaching) return hits;
    const most = Math.floor((sequence.tokens.length - 1) / BLOCK_SIZE);
    while (hits.length < most) {
      const block = this.pool.find(sequence.hashOf(hits.length));
      if (block < 0) break;
      hits.push(block);
    }
    return hits;
  }

  /** Gives a sequence the blocks for its next `tokens` tokens: all, or, when there are too few, none. */
  #extend(sequence: Sequence, tokens: number): boolean {
    const missing = Math.ceil((sequence.computed + tokens) / BLOCK_SIZE) - sequence.blocks.length;
    if (missing > this.pool.free) return false;
    for (let i = 0; i < missing; i++) sequence.blocks.push(this.pool.take());
    return true;
  }

  #preempt(sequence: Sequence): void {
    this.#free(sequence);
    remove(this.#running, sequence);
    this.#waiting.unshift(sequence);
    this.counters.preemptions++;
  }

  /** The last blocks first: of one sequence, what others are likeliest to share stays longest. */
  #free(sequence: Sequence): void {
    for (let i = sequence.blocks.length - 1; i >= 0; i--) this.pool.release(sequence.blocks[i]!);
    sequence.blocks.length = 0;
    sequence.computed = 0;
  }

  #timed(scheduled: readonly { sequence: Sequence; tokens: number }[]): Step {
    const { stepMs, prefillTokenMs, attentionPairMs, decodeMs, contextTokenMs } = this.profile;
    let [prefillTokens, pairs, decoding, context] = [0, 0, 0, 0];
    for (const { sequence, tokens } of scheduled) {
      if (sequence.generated > 0 && tokens === 1) {
        decoding++;
        context += sequence.computed;
      } else {
        prefillTokens += tokens;
        pairs += tokens * (sequence.computed + tokens / 2);
      }
    }
    const durationMs =
      stepMs +
      prefillTokenMs * prefillTokens +
      attentionPairMs * pairs +
      decodeMs * decoding +
      contextTokenMs * context;
    return { durationMs, scheduled, prefillTokens };
  }
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
}
