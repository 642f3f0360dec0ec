import { loadLlamaCpp } from "./install.js";
import type { LlamaModel, LlamaSequence } from "./llama-cpp.js";

export interface EngineOptions {
  modelPath: string;
  /** Tokens of prompt and answer together. */
  contextTokens: number;
  /** Requests computed at a time, each with a KV cache of its own that stays when it ends. */
  slots: number;
  /** Of the CPU. */
  threads: number;
}

/** What an engine counts from its start on. */
export interface EngineCounters {
  promptTokens: number;
  /** Prompt tokens whose keys and values were there. */
  cachedTokens: number;
  generatedTokens: number;
}

/** One answer as it comes. */
export interface Generated {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly pieces: AsyncIterable<string>;
}

interface Slot {
  readonly sequence: LlamaSequence;
  busy: boolean;
  /** Counts uses; the least was used longest ago. */
  usedAt: number;
}

/** A prompt that shares less of itself with what a slot holds goes to the slot that was used longest ago (llama-server's rule). */
const LEAST_SIMILARITY = 0.1;

/**
 * llama.cpp with as many KV caches as slots. A prompt goes to the idle slot that holds most of it, and only the rest is computed:
 * what prefix-aware routing is about, on real compute.
 */
export class LlamaEngine {
  readonly counters: EngineCounters = { promptTokens: 0, cachedTokens: 0, generatedTokens: 0 };
  readonly #model: LlamaModel;
  readonly #contextTokens: number;
  readonly #slots: readonly Slot[];
  readonly #waiting: (() => void)[] = [];
  #uses = 0;

  static async load({ modelPath, contextTokens, slots, threads }: EngineOptions): Promise<LlamaEngine> {
    const { getLlama } = await loadLlamaCpp();
    const llama = await getLlama({
      gpu: false,
      build: "never",
      maxThreads: threads,
      logLevel: "error",
      progressLogs: false,
    });
    const model = await llama.loadModel({ modelPath });
    const context = await model.createContext({
      contextSize: contextTokens,
      sequences: slots,
      batchSize: 512,
      threads,
    });
    const sequences = Array.from({ length: slots }, () => context.getSequence({ checkpoints: { max: 0 } }));
    return new LlamaEngine(model, contextTokens, sequences);
  }

  private constructor(model: LlamaModel, contextTokens: number, sequences: readonly LlamaSequence[]) {
    this.#model = model;
    this.#contextTokens = contextTokens;
    this.#slots = sequences.map((sequence) => ({ sequence, busy: false, usedAt: 0 }));
  }

  get running(): number {
    return this.#slots.filter(({ busy }) => busy).length;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  tokenize(text: string): number[] {
    return this.#model.tokenize(text);
  }

  /** How many tokens an answer to so long a prompt may have. */
  room(promptTokens: number): number {
    return this.#contextTokens - promptTokens;
  }

  /** Begins as soon as a slot is free. The pieces must be read to their end, or given up. */
  async generate(tokens: readonly number[], outputTokens: number): Promise<Generated> {
    while (this.#slots.every(({ busy }) => busy)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const slot = this.#slotFor(tokens);
    slot.busy = true;
    slot.usedAt = ++this.#uses;
    try {
      // The last token is always computed, since it gives the next one.
      await slot.sequence.adaptStateToTokens(tokens.slice(0, -1), false);
    } catch (error) {
      this.#free(slot);
      throw error;
    }
    const cachedTokens = slot.sequence.nextTokenIndex;
    this.counters.promptTokens += tokens.length;
    this.counters.cachedTokens += cachedTokens;
    return {
      promptTokens: tokens.length,
      cachedTokens,
      pieces: this.#pieces(slot, tokens.slice(cachedTokens), outputTokens),
    };
  }

  async *#pieces(slot: Slot, tokens: readonly number[], outputTokens: number): AsyncGenerator<string> {
    try {
      let generated = 0;
      for await (const token of slot.sequence.evaluate(tokens, { temperature: 0 })) {
        this.counters.generatedTokens++;
        yield this.#model.detokenize([token]);
        if (++generated === outputTokens) return;
      }
    } finally {
      this.#free(slot);
    }
  }

  #slotFor(tokens: readonly number[]): Slot {
    const idle = this.#slots.filter(({ busy }) => !busy).sort((a, b) => a.usedAt - b.usedAt);
    const shared = idle.map(({ sequence }) => sequence.compareContextTokens(tokens).firstDifferentIndex);
    const most = Math.max(...shared);
    return idle[most > LEAST_SIMILARITY * tokens.length ? shared.indexOf(most) : 0]!;
  }

  #free(slot: Slot): void {
    slot.busy = false;
    this.#waiting.shift()?.();
  }
}
