// The gateway as a process of its own, started with `--expose-gc`: `gateway.ts <JSON: urls of replicas by model>`. Asked over IPC it
// tells its state and the memory that it holds after a collection.
import { listenHttp } from "../../../src/cli/listen.js";
import { createUpstream } from "../../../src/cli/upstream.js";
import { createGateway, type RequestOutcome } from "../../../src/gateway/index.js";
import { Router } from "../../../src/routing/index.js";

const urls = JSON.parse(process.argv[2]!) as Record<string, string[]>;
const models = Object.fromEntries(
  Object.entries(urls).map(([model, addresses]) => {
    const replicas = addresses.map((url, i) => ({ id: `${model}-${i + 1}`, url, maxOngoingRequests: 64 }));
    // A tree that is full before the soak is warm.
    return [model, new Router({ policy: "prefix_aware", replicas, maxBytes: 1024 * 1024, imbalancedThreshold: 10 })];
  }),
);
/** Of tries that came to nothing. */
const causes = new Map<string | number, number>();
const outcomes = new Map<RequestOutcome, number>();
const gateway = createGateway({
  models,
  timeouts: { firstByteMs: 5_000, idleMs: 5_000, queueMs: 5_000 },
  breaker: { openMs: 1_000 },
  health: { intervalMs: 1_000, unhealthyAfter: 2, healthyAfter: 1 },
  load: {},
  upstream: createUpstream({ connections: 64 }),
  onRequestEnd({ outcome, failures }) {
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    for (const why of failures) causes.set(why, (causes.get(why) ?? 0) + 1);
  },
});
const { url } = await listenHttp((request) => gateway.handle(request), { host: "127.0.0.1", port: 0 });
process.send!({ url });

process.on("message", () => {
  globalThis.gc!();
  const { heapUsed, external } = process.memoryUsage();
  const sockets = process.getActiveResourcesInfo().filter((each) => each === "TCPSocketWrap").length;
  const leases = Object.values(models).reduce((sum, router) => sum + router.leases + router.waiting, 0);
  process.send!({
    open: gateway.state.open,
    leases,
    outcomes: Object.fromEntries(outcomes),
    causes: Object.fromEntries(causes),
    bytes: heapUsed + external,
    sockets,
  });
});
process.on("disconnect", () => process.exit(0));
