import { afterEach } from "vitest";
import {
  type AcquireOptions,
  type Decision,
  type Lease,
  type RouteOptions,
  type RouteRequest,
  Router,
  type RouterOptions,
} from "../../../src/index.js";

const routers: Router[] = [];
afterEach(() => {
  for (const router of routers.splice(0)) router[Symbol.dispose]();
});

const FOUR = ["a", "b", "c", "d"];

/** A router with one policy, whose replicas' loads a test sets by what they report. The clock stands still unless moved. */
export class Stand {
  readonly router: Router;
  nowS = 0;

  constructor(options: Partial<RouterOptions> & { policy: RouterOptions["policy"] }, ids: readonly string[] = FOUR) {
    this.router = new Router({
      replicas: ids.map((id) => ({ id })),
      clock: () => this.nowS,
      rendering: "reference",
      loadValidSecs: Number.MAX_VALUE,
      ...options,
    });
    routers.push(this.router);
  }

  /** Requests on replicas that are not this router's, 0 where not given; and the share of KV cache in use, where it is given. */
  load(loads: Record<string, number | readonly [number, number]>): void {
    for (const { id } of this.router.replicas) {
      const load = loads[id] ?? 0;
      const [running, kvUsage] = typeof load === "number" ? [load, null] : load;
      this.router.setLoad(id, { running, waiting: 0, kvUsage });
    }
  }

  /** As if that replica had been sent that text before. */
  serve(id: string, text: string): void {
    this.router.tree!.insert(text, id, this.nowS);
  }

  route(request: RouteRequest | string, options?: RouteOptions): Lease {
    return this.router.route(typeof request === "string" ? { text: request } : request, options);
  }

  /** Routes only to that replica. */
  routeTo(id: string, request: RouteRequest | string, options?: RouteOptions): Lease {
    const others = this.router.replicas.map((replica) => replica.id).filter((other) => other !== id);
    return this.route(request, { ...options, exclude: new Set(others) });
  }

  /** Routes, has it accepted and answered, and ends it. */
  answer(request: RouteRequest | string, options?: RouteOptions): Decision {
    const lease = this.route(request, options);
    lease.firstToken();
    lease.release();
    return lease.decision;
  }

  /** What would be decided, without a trace: routes and has it rejected. */
  ask(request: RouteRequest | string, options?: AcquireOptions): Decision {
    const lease = this.route(request, { explain: true, ...options });
    lease.reject();
    return lease.decision;
  }

  /** How often each replica is chosen, by id, when that is asked so often. */
  counts(times: number, request: RouteRequest | string, options?: RouteOptions): Record<string, number> {
    const counts: Record<string, number> = {};
    for (let i = 0; i < times; i++) {
      const { replica } = this.ask(request, options);
      counts[replica] = (counts[replica] ?? 0) + 1;
    }
    return counts;
  }
}
