import { Random } from "../../../src/random/index.js";
import { ConversationTurns, IndependentTurns, type Turns } from "../../../src/simulator/cluster/turns.js";
import type { Workload, WorkloadRequest } from "../../../src/workloads/index.js";
import { poissonArrivals } from "./arrivals.js";
import type { Backend } from "./backends.js";
import type { Client } from "./client.js";
import { type Strain, StrainGauge } from "./strain.js";

export interface LoadOptions {
  readonly client: Client;
  readonly backend: Backend;
  readonly model: string;
  /** Requests a second, `Infinity` for all at once. A workload with times of its own keeps them at `Infinity`. */
  readonly requestRate: number;
  /** Most requests under way; null for no limit. */
  readonly maxConcurrency: number | null;
  readonly stream: boolean;
  readonly ignoreEos: boolean;
  /** Of arrivals, and of which conversation goes on. */
  readonly seed: number;
  readonly extraBody: Readonly<Record<string, unknown>>;
  /** Ends the run: what is under way is cut. */
  readonly signal: AbortSignal;
}

/** One request of a run; times in ms from the run's start. */
export interface RequestRecord {
  readonly conversation: number;
  readonly turn: number;
  /** When it was to be sent, had there been a place. */
  readonly intendedMs: number;
  /** Just before it was sent. */
  readonly sentMs: number;
  /** When each piece with text came; of an answer in one piece, when that was whole. */
  readonly pieceMs: readonly number[];
  /** When the last of the answer came, be it text or not. */
  readonly endMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of the input tokens, those that the engine had in its cache; null where the answer does not say. */
  readonly cachedTokens: number | null;
  /** Whether the answer had a usage; without, `outputTokens` is what was asked for, and `inputTokens` a fourth of the characters. */
  readonly hasUsage: boolean;
  /** Null when it was answered. */
  readonly failure: string | null;
}

export interface LoadResult {
  readonly records: readonly RequestRecord[];
  readonly durationMs: number;
  readonly strain: Strain;
  /** Whether it was ended before all was answered; what was under way is not in the records. */
  readonly interrupted: boolean;
}

/** Told of what happens, for a progress line. */
export interface LoadWatcher {
  firstText(ttftMs: number): void;
  ended(record: RequestRecord): void;
  /** Of requests now. */
  underWay(count: number): void;
}

/** A timer's grain: what is due within it is sent at once. */
const GRAIN_MS = 0.5;
/** Bodies are made before the run when there are no more of them, so that making them takes no time from it. */
const MOST_PREPARED = 20_000;

/** Sends a workload and waits for all answers. */
export function runLoad(workload: Workload, options: LoadOptions, watcher?: LoadWatcher): Promise<LoadResult> {
  return new Run(workload, options, watcher).result;
}

class Run {
  readonly result: Promise<LoadResult>;
  readonly #options: LoadOptions;
  readonly #watcher: LoadWatcher | undefined;
  readonly #turns: Turns;
  readonly #bodies: Map<WorkloadRequest, Buffer>;
  readonly #arrivals: ArrayLike<number>;
  readonly #records: RequestRecord[] = [];
  readonly #lagsMs: number[] = [];
  readonly #gauge: StrainGauge;
  readonly #startMs: number;
  #resolve!: (result: LoadResult) => void;
  #timer: NodeJS.Timeout | undefined;
  #due = 0;
  #sent = 0;
  #underWay = 0;
  /** When a place became free, or a turn could go on, last. */
  #freedMs = 0;

  constructor(workload: Workload, options: LoadOptions, watcher: LoadWatcher | undefined) {
    const { requestRate, maxConcurrency, seed, signal } = options;
    this.#options = options;
    this.#watcher = watcher;
    const open = maxConcurrency === null ? workload.conversations : 3 * maxConcurrency;
    const kept = workload.sequential ? workload : keeping(workload);
    this.#turns = workload.sequential
      ? new ConversationTurns(workload, open, "all", new Random(seed + 1))
      : new IndependentTurns(kept);
    this.#bodies = workload.sequential ? new Map() : this.#prepared(kept);
    const times = requestRate === Number.POSITIVE_INFINITY ? ownTimes(kept) : null;
    this.#arrivals = times ?? poissonArrivals(workload.size, requestRate, new Random(seed));
    this.result = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#gauge = new StrainGauge();
    this.#startMs = performance.now();
    signal.addEventListener("abort", () => this.#end(true), { once: true });
    if (signal.aborted) this.#end(true);
    else this.#tick();
  }

  #prepared(workload: Workload): Map<WorkloadRequest, Buffer> {
    const bodies = new Map<WorkloadRequest, Buffer>();
    if (workload.size > MOST_PREPARED) return bodies;
    for (const [conversation, turn] of workload.order) {
      const request = workload.conversation(conversation)[turn]!;
      bodies.set(request, this.#body(request));
    }
    return bodies;
  }

  #body({ prompt, outputTokens }: WorkloadRequest): Buffer {
    const { backend, model, stream, ignoreEos, extraBody } = this.#options;
    const body = backend.body({ model, prompt, outputTokens, stream, ignoreEos });
    return Buffer.from(JSON.stringify({ ...body, ...extraBody }));
  }

  get #nowMs(): number {
    return performance.now() - this.#startMs;
  }

  /** Counts what has become due, sends it, and sleeps until the next is. */
  #tick(): void {
    const now = this.#nowMs;
    while (this.#due < this.#arrivals.length && this.#arrivals[this.#due]! <= now + GRAIN_MS) this.#due++;
    this.#pump();
    if (this.#due < this.#arrivals.length) {
      const wait = Math.max(0, this.#arrivals[this.#due]! - this.#nowMs);
      this.#timer = setTimeout(() => this.#tick(), Math.floor(wait));
    }
  }

  #pump(): void {
    const most = this.#options.maxConcurrency ?? Number.POSITIVE_INFINITY;
    while (this.#sent < this.#due && this.#underWay < most) {
      const request = this.#turns.take();
      if (request === null) return;
      this.#send(request, this.#arrivals[this.#sent++]!);
    }
  }

  #send(request: WorkloadRequest, intendedMs: number): void {
    const { client, stream } = this.#options;
    const body = this.#bodies.get(request) ?? this.#body(request);
    this.#bodies.delete(request);
    this.#underWay++;
    this.#watcher?.underWay(this.#underWay);
    const sentMs = this.#nowMs;
    this.#lagsMs.push(Math.max(0, sentMs - Math.max(intendedMs, this.#freedMs)));
    const firstText = (atMs: number) => this.#watcher?.firstText(atMs - this.#startMs - sentMs);
    void client.send(body, stream, firstText).then((result) => {
      if (this.#options.signal.aborted) return;
      this.#freedMs = this.#nowMs;
      this.#underWay--;
      this.#watcher?.underWay(this.#underWay);
      const usage = result.ok ? result.usage : null;
      const record: RequestRecord = {
        conversation: request.conversation,
        turn: request.turn,
        intendedMs,
        sentMs,
        pieceMs: result.ok ? result.pieceMs.map((ms) => ms - this.#startMs) : [],
        endMs: result.endMs - this.#startMs,
        inputTokens: usage?.promptTokens ?? Math.ceil(request.prompt.length / 4),
        outputTokens: usage?.completionTokens ?? request.outputTokens,
        cachedTokens: usage?.cachedTokens ?? null,
        hasUsage: (usage?.completionTokens ?? null) !== null,
        failure: result.ok ? null : result.cause,
      };
      this.#records.push(record);
      this.#watcher?.ended(record);
      this.#turns.answered(request);
      if (this.#records.length === this.#arrivals.length) this.#end(false);
      else this.#pump();
    });
  }

  #end(interrupted: boolean): void {
    clearTimeout(this.#timer);
    this.#resolve({
      records: this.#records,
      durationMs: this.#records.reduce((last, { endMs }) => Math.max(last, endMs), 0),
      strain: this.#gauge.read(this.#lagsMs),
      interrupted,
    });
  }
}

/** Keeps each conversation that was made, so that a request is one object. */
function keeping(workload: Workload): Workload {
  if (workload.size > MOST_PREPARED) return workload;
  const made = new Map<number, readonly WorkloadRequest[]>();
  const { name, description, size, sequential, conversations, order } = workload;
  return {
    ...{ name, description, size, sequential, conversations, order },
    conversation(index) {
      let requests = made.get(index);
      if (requests === undefined) {
        requests = workload.conversation(index);
        made.set(index, requests);
      }
      return requests;
    },
  };
}

/** The times of a trace; null where requests have none. */
function ownTimes(workload: Workload): Float64Array | null {
  const [first] = workload.order;
  if (workload.sequential || first === undefined) return null;
  if (workload.conversation(first[0])[first[1]]!.atMs === undefined) return null;
  return Float64Array.from(workload.order, ([conversation, turn]) => workload.conversation(conversation)[turn]!.atMs!);
}
