import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Policy, Router, type RouterOptions, type Timers } from "../../src/index.js";

/** Time that passes only when it is told to: a clock and timers that agree. */
export class VirtualTime {
  nowMs = 0;
  readonly #due: { atMs: number; callback: () => void }[] = [];

  readonly clock = (): number => this.nowMs / 1000;

  readonly timers: Timers = {
    setTimeout: (callback, ms) => {
      const timer = { atMs: this.nowMs + ms, callback };
      this.#due.push(timer);
      return timer;
    },
    clearTimeout: (handle) => {
      const at = this.#due.indexOf(handle as never);
      if (at >= 0) this.#due.splice(at, 1);
    },
  };

  /** Timers that have not fired. */
  get pending(): number {
    return this.#due.length;
  }

  /** Lets the time pass, and every promise that settles meanwhile be heard. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    for (;;) {
      const next = this.#due.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#due.splice(this.#due.indexOf(next), 1);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.callback();
      await settled();
    }
    this.nowMs = endMs;
    await settled();
  }
}

/** When all promises that can settle have done so. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A policy that sends each request to the replica that its text names, full or not; the first candidate where it names none. */
export function named(events: string[] = []): Policy {
  return {
    name: "named",
    tree: null,
    choose({ key, candidates }) {
      const replica = candidates.find(({ id }) => key.text.startsWith(id)) ?? candidates[0]!;
      return { replica, reason: "only_candidate", matchedChars: 0 };
    },
    onRouted: ({ replica, key }) => void events.push(`routed ${replica.id} ${key.text}`),
    onAccepted: ({ replica, key }) => void events.push(`accepted ${replica.id} ${key.text}`),
    onRejected: ({ replica, key }) => void events.push(`rejected ${replica.id} ${key.text}`),
    onFirstToken: ({ replica }, timeS) => void events.push(`first token ${replica.id} ${timeS}`),
    onReleased: ({ replica, key }, { error, ...report }) =>
      void events.push(
        `released ${replica.id} ${key.text}${JSON.stringify(report)}${error === undefined ? "" : ` ${(error as Error).message}`}`,
      ),
    onReplicasChanged: ({ replicas, added, removed }) =>
      void events.push(`replicas ${replicas.map(({ id }) => id)} +${added} -${removed}`),
  };
}

/** A router in virtual time, under the policy above unless another is given. */
export function virtualRouter(options: Partial<RouterOptions> & Pick<RouterOptions, "replicas">): {
  router: Router;
  time: VirtualTime;
  events: string[];
} {
  const time = new VirtualTime();
  const events: string[] = [];
  const { clock, timers } = time;
  const router = new Router({ policy: named(events), clock, timers, ...options });
  events.length = 0;
  return { router, time, events };
}

setFlagsFromString("--expose-gc");

export const collectGarbage = runInNewContext("gc") as () => void;
