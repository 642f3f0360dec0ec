import { exponential, Random } from "../../random/index.js";
import type { Workload, WorkloadRequest } from "../../workloads/index.js";
import type { EventQueue } from "./event-queue.js";
import { ConversationTurns, IndependentTurns, type Turns } from "./turns.js";

/** So many requests under way at a time: one that ends makes room for the next. */
export interface ClosedLoop {
  readonly kind: "closed";
  /** Default: 40. */
  readonly concurrency?: number;
  /** Requests a second at which they come, in Poisson's gaps, before they wait for a slot; Infinity: all at once. Default: 100. */
  readonly rate?: number;
  /** Of a workload of conversations: how many are open, of which a free slot takes a ready one at random. Default: 3 · concurrency. */
  readonly openConversations?: number;
  /** Mean of the exponential time between an answer and the next turn, ms. Default: 0. */
  readonly thinkMs?: number;
}

/** Requests that come in Poisson's gaps, whatever is under way. */
export interface OpenLoop {
  readonly kind: "open";
  /** Requests a second. One of `rate` and `load` is needed. */
  readonly rate?: number;
  /** Share of the throughput at which `pow_of_2` saturates, which is measured first (`saturationRate`). */
  readonly load?: number;
  /** Of a workload of conversations: how many have a turn to send, of which one is drawn. Default: 40. */
  readonly openConversations?: number;
  readonly thinkMs?: number;
}

/** Requests that come when the trace says. */
export interface TraceTimes {
  readonly kind: "trace";
  /** How many times faster than in the trace. Default: 1. */
  readonly speedup?: number;
  readonly thinkMs?: number;
}

/** How the requests of a run come. */
export type ClientModel = ClosedLoop | OpenLoop | TraceTimes;

/** Sends the requests of a workload in virtual time. */
export interface Client {
  start(): void;
  /** The whole answer has come, or the request was refused. */
  ended(request: WorkloadRequest): void;
}

/** @param rate of an open loop. */
export function makeClient(
  model: ClientModel,
  rate: number,
  workload: Workload,
  seed: number,
  events: EventQueue,
  send: (request: WorkloadRequest) => void,
): Client {
  const think = thinker(model.thinkMs ?? 0, new Random(seed + 2), events);
  if (model.kind === "trace") return new TraceClient(workload, model.speedup ?? 1, events, send, think);
  const closed = model.kind === "closed";
  const slots = closed ? (model.concurrency ?? DEFAULT_CONCURRENCY) : Number.POSITIVE_INFINITY;
  const open = model.openConversations ?? (closed ? 3 * slots : DEFAULT_CONCURRENCY);
  const turns = workload.sequential
    ? new ConversationTurns(workload, open, closed ? "all" : "ready", new Random(seed + 1))
    : new IndependentTurns(workload);
  const arrivals = closed ? (model.rate ?? DEFAULT_RATE) : rate;
  return new LoopClient(
    { size: workload.size, slots, rate: arrivals, random: new Random(seed) },
    turns,
    events,
    send,
    think,
  );
}

export const DEFAULT_CONCURRENCY = 40;
export const DEFAULT_RATE = 100;

type Think = (done: () => void) => void;

function thinker(meanMs: number, random: Random, events: EventQueue): Think {
  if (meanMs === 0) return (done) => done();
  return (done) => void events.at(events.nowMs + exponential(random, meanMs), "rest", done);
}

/** Closed loop, and with endless slots the open one. */
class LoopClient implements Client {
  readonly #size: number;
  readonly #slots: number;
  readonly #rate: number;
  readonly #random: Random;
  readonly #turns: Turns;
  readonly #events: EventQueue;
  readonly #send: (request: WorkloadRequest) => void;
  readonly #think: Think;
  /** Requests that have come, those that were sent, and those under way. */
  #come = 0;
  #sent = 0;
  #underWay = 0;
  #filling = false;

  constructor(
    { size, slots, rate, random }: { size: number; slots: number; rate: number; random: Random },
    turns: Turns,
    events: EventQueue,
    send: (request: WorkloadRequest) => void,
    think: Think,
  ) {
    this.#size = size;
    this.#slots = slots;
    this.#rate = rate;
    this.#random = random;
    this.#turns = turns;
    this.#events = events;
    this.#send = send;
    this.#think = think;
  }

  start(): void {
    if (this.#rate === Number.POSITIVE_INFINITY) {
      this.#come = this.#size;
      this.#fill();
      return;
    }
    this.#come++;
    this.#fill();
    if (this.#come === this.#size) return;
    this.#events.at(this.#events.nowMs + exponential(this.#random, 1000 / this.#rate), "rest", () => this.start());
  }

  ended(request: WorkloadRequest): void {
    this.#underWay--;
    this.#think(() => {
      this.#turns.answered(request);
      this.#fill();
    });
    this.#fill();
  }

  /** Gives free slots to who has come. A request that is refused at once frees its slot within the loop. */
  #fill(): void {
    if (this.#filling) return;
    this.#filling = true;
    while (this.#sent < this.#come && this.#underWay < this.#slots) {
      const request = this.#turns.take();
      if (request === null) break;
      this.#sent++;
      this.#underWay++;
      this.#send(request);
    }
    this.#filling = false;
  }
}

/** Each request at its time; a conversation's next turn not before its answer and the thinking. */
class TraceClient implements Client {
  readonly #workload: Workload;
  readonly #speedup: number;
  readonly #events: EventQueue;
  readonly #send: (request: WorkloadRequest) => void;
  readonly #think: Think;
  #startMs = 0;

  constructor(
    workload: Workload,
    speedup: number,
    events: EventQueue,
    send: (request: WorkloadRequest) => void,
    think: Think,
  ) {
    this.#workload = workload;
    this.#speedup = speedup;
    this.#events = events;
    this.#send = send;
    this.#think = think;
  }

  start(): void {
    this.#startMs = this.#events.nowMs;
    for (const [conversation, turn] of this.#workload.order) this.#sendAtItsTime(conversation, turn);
  }

  ended({ conversation, turn }: WorkloadRequest): void {
    if (!this.#workload.sequential) return;
    if (turn + 1 === this.#workload.conversation(conversation).length) return;
    this.#think(() => this.#sendAtItsTime(conversation, turn + 1));
  }

  /** The request is made anew when its time has come, so that no text is kept until then. */
  #sendAtItsTime(conversation: number, turn: number): void {
    const { atMs } = this.#workload.conversation(conversation)[turn]!;
    if (atMs === undefined) {
      throw new RangeError(
        `client "trace" needs times: workload ${this.#workload.name} has no atMs for turn ${turn} of conversation ${conversation}`,
      );
    }
    const dueMs = Math.max(this.#events.nowMs, this.#startMs + atMs / this.#speedup);
    this.#events.at(dueMs, "rest", () => this.#send(this.#workload.conversation(conversation)[turn]!));
  }
}
