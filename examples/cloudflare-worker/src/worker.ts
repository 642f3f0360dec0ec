// The gateway on Cloudflare. A Worker runs in many places at once, and each would know only its own requests; one Durable
// Object sees them all, so that its tree and its queue lengths are the whole truth. A decision takes it microseconds.
import { DurableObject } from "cloudflare:workers";
import { Router } from "warmroute";
import { createGateway } from "warmroute/gateway";
import { SnapshotStore } from "./snapshot-store.js";

export default {
  fetch: (request, env) => env.GATEWAY.getByName("gateway").fetch(request),
} satisfies ExportedHandler<Env>;

export class GatewayObject extends DurableObject<Env> {
  readonly #router = new Router({
    policy: "prefix_aware",
    replicas: this.env.REPLICAS.split(" ").map((url, i) => ({ id: `replica-${i + 1}`, url })),
  });
  readonly #gateway = createGateway({
    router: this.#router,
    replicaHeader: true,
    onRequestEnd: () => this.ctx.waitUntil(this.#saveSoon()),
  });
  readonly #store = new SnapshotStore(this.ctx.storage);

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // An idle object loses its memory after seconds, a deployed one at once. Requests wait until the tree is back.
    ctx.blockConcurrencyWhile(() => this.#store.load(this.#router.tree!));
  }

  override fetch(request: Request): Promise<Response> {
    return this.#gateway.fetch(request);
  }

  /** Saves now and then, not at each request: what a crash loses is only that some prompts are computed once more. */
  async #saveSoon(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) !== null) return;
    await this.ctx.storage.setAlarm(Date.now() + 1000 * Number(this.env.SNAPSHOT_SECS));
  }

  override async alarm(): Promise<void> {
    console.log(`saved a snapshot of ${await this.#store.save(this.#router.tree!)} bytes`);
  }
}
