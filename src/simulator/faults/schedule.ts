import { Random } from "../../random/index.js";
import type { SimulatorClock } from "../clock.js";
import type { Fault, FaultKind } from "./fault.js";

/** A fault that has not ended, as `/admin/faults` lists it. */
export type PlannedFault = Fault & {
  readonly id: number;
  readonly state: "planned" | "active";
};

interface Entry {
  readonly id: number;
  readonly fault: Fault;
  readonly fromMs: number;
  readonly untilMs: number;
  /** How many requests it still meets. */
  left: number;
  readonly random: Random;
  readonly timers: unknown[];
  /** Those that hang by it. */
  readonly held: Set<() => void>;
}

/** Longest wait of a host's timer, ms. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** The faults of a replica, by simulated time. */
export class FaultSchedule {
  readonly #clock: SimulatorClock;
  readonly #speed: number;
  readonly #restart: () => void;
  readonly #startedMs: number;
  readonly #entries = new Set<Entry>();
  #ids = 0;

  /** @param restart called when a restart is due. */
  constructor(clock: SimulatorClock, speed: number, restart: () => void) {
    this.#clock = clock;
    this.#speed = speed;
    this.#restart = restart;
    this.#startedMs = clock.now();
  }

  /** Plans a fault, checked, from now on. Returns its id. */
  add(fault: Fault): number {
    const { kind, atMs = 0, forMs = kind === "restart" ? 0 : Number.POSITIVE_INFINITY, requests } = fault;
    const fromMs = this.nowMs + atMs;
    const entry: Entry = {
      id: ++this.#ids,
      fault,
      fromMs,
      untilMs: fromMs + forMs,
      left: requests ?? Number.POSITIVE_INFINITY,
      random: new Random(this.#ids),
      timers: [],
      held: new Set(),
    };
    this.#entries.add(entry);
    if (kind === "restart") this.#at(entry, atMs, () => this.#restart());
    if (forMs < Number.POSITIVE_INFINITY) this.#at(entry, atMs + forMs, () => this.#end(entry));
    return entry.id;
  }

  /** Ends a fault. Returns false if there is none with that id. */
  remove(id: number): boolean {
    const entry = [...this.#entries].find((each) => each.id === id);
    if (entry !== undefined) this.#end(entry);
    return entry !== undefined;
  }

  /** Ends all faults; what hangs goes on. */
  clear(): void {
    for (const entry of [...this.#entries]) this.#end(entry);
  }

  list(): PlannedFault[] {
    const nowMs = this.nowMs;
    return [...this.#entries].map(({ id, fault, fromMs }) => ({
      ...fault,
      id,
      state: fromMs > nowMs ? "planned" : "active",
    }));
  }

  /** Simulated milliseconds since the start. */
  get nowMs(): number {
    return (this.#clock.now() - this.#startedMs) * this.#speed;
  }

  /** The oldest fault of a kind that is active at a time, whatever the path; null for none. */
  active<Kind extends FaultKind["kind"]>(kind: Kind, atMs: number = this.nowMs): (Fault & { kind: Kind }) | null {
    const entry = [...this.#entries].find((each) => each.fault.kind === kind && isActive(each, atMs));
    return (entry?.fault as (Fault & { kind: Kind }) | undefined) ?? null;
  }

  /** The fault of a kind that a request to that path meets now, and counts it. */
  meet<Kind extends FaultKind["kind"]>(kind: Kind, path: string): (Fault & { kind: Kind }) | null {
    const entry = this.#met(kind, path);
    if (entry === undefined) return null;
    if (entry.left === 0) this.#end(entry);
    return entry.fault as Fault & { kind: Kind };
  }

  /** Resolves when the fault that holds a request to that path, if one does, is over, or its client has left. */
  async held(path: string, signal: AbortSignal): Promise<void> {
    const { held } = this.#met("hang", path) ?? {};
    if (held === undefined) return;
    await new Promise<void>((resolve) => {
      const go = () => {
        held.delete(go);
        signal.removeEventListener("abort", go);
        resolve();
      };
      held.add(go);
      if (signal.aborted) go();
      else signal.addEventListener("abort", go);
    });
  }

  /** The first fault of a kind that meets a request: each has its chance. */
  #met(kind: FaultKind["kind"], path: string): Entry | undefined {
    const { nowMs } = this;
    const entry = [...this.#entries].find(
      (each) =>
        each.fault.kind === kind &&
        isActive(each, nowMs) &&
        (each.fault.paths === undefined || each.fault.paths.includes(path)) &&
        (each.fault.share === undefined || each.random.float() < each.fault.share),
    );
    if (entry !== undefined) entry.left--;
    return entry;
  }

  /** Calls back so many simulated milliseconds from now, or at once. */
  #at(entry: Entry, ms: number, callback: () => void): void {
    if (ms === 0) callback();
    else entry.timers.push(this.#clock.setTimeout(callback, Math.min(LONGEST_WAIT, Math.ceil(ms / this.#speed))));
  }

  #end(entry: Entry): void {
    this.#entries.delete(entry);
    for (const timer of entry.timers) this.#clock.clearTimeout(timer);
    for (const go of [...entry.held]) go();
  }
}

function isActive({ fromMs, untilMs, left }: Entry, atMs: number): boolean {
  return fromMs <= atMs && atMs < untilMs && left > 0;
}
