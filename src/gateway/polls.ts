import { HeaderList, replicaUrl, Stop } from "../protocol/index.js";
import type { Replica } from "../routing/index.js";
import { loadOf } from "./engine-load.js";
import type { Fleet } from "./fleet.js";
import type { GatewayMetrics } from "./metrics.js";
import type { Settings } from "./settings.js";
import { discard, textOf } from "./upstream.js";

/** More than any engine's `/metrics`. */
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Asks every replica at intervals: whether it is well, and what load it has. A replica that is slow to answer is not asked again
 * meanwhile, and holds no other up.
 */
export class Polls {
  readonly #fleets: () => Iterable<Fleet>;
  readonly #metrics: GatewayMetrics;
  readonly #settings: Settings;
  readonly #stop = new Stop();
  readonly #timers = new Set<unknown>();
  readonly #underWay = new Set<string>();

  constructor(fleets: () => Iterable<Fleet>, settings: Settings, metrics: GatewayMetrics) {
    this.#fleets = fleets;
    this.#settings = settings;
    this.#metrics = metrics;
    const { health, load } = settings;
    if (health !== null) this.#every(health.intervalMs, "health", (fleet, replica) => this.#check(fleet, replica));
    if (load !== null) this.#every(load.intervalMs, "load", (fleet, replica) => this.#ask(fleet, replica));
  }

  close(): void {
    this.#stop.abort(new Error("the gateway is closed"));
    for (const timer of this.#timers) this.#settings.timers.clearTimeout(timer);
  }

  #every(ms: number, what: string, poll: (fleet: Fleet, replica: Replica) => Promise<void>): void {
    const round = (): void => {
      for (const fleet of this.#fleets()) {
        for (const replica of fleet.router.replicas) {
          const name = JSON.stringify([what, fleet.model, replica.id]);
          if (this.#underWay.has(name)) continue;
          this.#underWay.add(name);
          void poll(fleet, replica)
            .catch((error: unknown) => this.#stop.aborted || console.error(error))
            .finally(() => this.#underWay.delete(name));
        }
      }
      if (!this.#stop.aborted) this.#later(ms, round);
    };
    // Not at once: whoever makes a gateway may be about to change its replicas.
    this.#later(0, round);
  }

  #later(ms: number, round: () => void): void {
    const { timers } = this.#settings;
    const timer = timers.setTimeout(() => {
      this.#timers.delete(timer);
      round();
    }, ms);
    (timer as { unref?: () => void }).unref?.();
    this.#timers.add(timer);
  }

  async #check(fleet: Fleet, { id, url, headers }: Replica): Promise<void> {
    const { path, timeoutMs } = this.#settings.health!;
    const response = await this.#get(replicaUrl(url!, path), headers, timeoutMs, false);
    const member = fleet.member(id);
    if (this.#stop.aborted || member === undefined) return;
    this.#metrics.polled("health", fleet.model, id, response !== null);
    fleet.checked(member, response !== null);
  }

  async #ask(fleet: Fleet, { id, url, headers }: Replica): Promise<void> {
    const { path, timeoutMs } = this.#settings.load!;
    const text = await this.#get(replicaUrl(url!, path), headers, timeoutMs, true);
    const report = text === null ? null : loadOf(text);
    if (this.#stop.aborted || fleet.member(id) === undefined) return;
    this.#metrics.polled("load", fleet.model, id, report !== null);
    // What is not told stays what it was, and is no longer believed after the router's `loadValidSecs`.
    const member = fleet.member(id)!;
    member.load = report;
    if (report !== null) fleet.router.setLoad(id, report);
  }

  /** The body of an answer from 200 to 299; null for any other, and for none in time. */
  async #get(
    address: string,
    headers: Readonly<Record<string, string>> | undefined,
    timeoutMs: number,
    read: boolean,
  ): Promise<string | null> {
    const { timers, upstream } = this.#settings;
    const late = new Stop();
    const abort = (): void => late.abort(new Error("the time is over"));
    const timer = timers.setTimeout(abort, timeoutMs);
    this.#stop.addEventListener("abort", abort);
    try {
      const own = new HeaderList(Object.entries(headers ?? {}));
      const answer = await upstream.send(address, { method: "GET", headers: own, body: null, signal: late });
      const ok = answer.status >= 200 && answer.status <= 299;
      if (!ok || !read) {
        discard(answer);
        return ok ? "" : null;
      }
      return await textOf(answer, MOST_BYTES);
    } catch {
      return null;
    } finally {
      timers.clearTimeout(timer);
      this.#stop.removeEventListener("abort", abort);
    }
  }
}
