import { type Lease, Router, type RouterOptions } from "../../routing/index.js";
import type { EventQueue } from "./event-queue.js";
import type { SimulatedRequest } from "./simulated-request.js";

/** What comes of the requests that a router was given. */
export interface RouterListener {
  /** It has a place. The router may be called again. */
  leased(request: SimulatedRequest, lease: Lease): void;
  /** It will never have one. */
  refused(request: SimulatedRequest, error: unknown): void;
}

/**
 * A real router in virtual time. `acquire` gives a promise, but does what can be done at once before it returns, and grants a
 * freed place within the call that freed it: its watch hears of both at that moment, so nothing here waits for a promise.
 */
export class SimulatedRouter {
  readonly router: Router;
  readonly #listener: RouterListener;
  readonly #sessions: boolean;
  readonly #requests = new WeakMap<object, SimulatedRequest>();
  readonly #heard: (() => void)[] = [];
  #arriving: SimulatedRequest | null = null;
  /** How deep in calls of the router we are; what it grants is told when it has returned. */
  #calls = 0;

  constructor(options: Omit<RouterOptions, "clock" | "timers">, events: EventQueue, listener: RouterListener) {
    this.#listener = listener;
    // With a session it would not look at the text, and there are workloads whose texts are shared by many sessions.
    this.#sessions = options.policy !== "consistent_hash";
    this.router = new Router({
      ...options,
      clock: () => events.nowMs / 1000,
      timers: {
        setTimeout: (callback, ms) => events.at(events.nowMs + ms, "rest", () => this.call(callback)),
        clearTimeout: (event) => {
          (event as { cancelled: boolean }).cancelled = true;
        },
      },
      maxQueuedRequests: Number.POSITIVE_INFINITY,
      onForgottenLease: () => {},
    });
    this.router.watch((event) => {
      switch (event.what) {
        case "arrived":
          this.#requests.set(event.origin, this.#arriving!);
          return;
        case "leased": {
          const request = this.#requests.get(event.hold.origin)!;
          this.#heard.push(() => this.#listener.leased(request, event.lease));
          return;
        }
        case "left": {
          const request = this.#requests.get(event.origin)!;
          this.#heard.push(() => this.#listener.refused(request, event.error));
        }
      }
    });
  }

  /** @param retryOf the lease that the replica rejected, of a request that is put back. */
  acquire(request: SimulatedRequest, retryOf?: Lease): void {
    this.call(() => {
      this.#arriving = request;
      const { prompt, conversation } = request.source;
      const options = {
        ...(this.#sessions && { session: String(conversation) }),
        ...(retryOf !== undefined && { retryOf }),
      };
      this.router.acquire({ text: prompt }, options).catch(() => {}); // the watch has heard of it
    });
  }

  /** Calls the router, then tells what came of it. */
  call(work: () => void): void {
    this.#calls++;
    try {
      work();
    } finally {
      this.#calls--;
    }
    if (this.#calls > 0) return;
    for (let tell = this.#heard.shift(); tell !== undefined; tell = this.#heard.shift()) tell();
  }

  dispose(): void {
    this.router[Symbol.dispose]();
  }
}
