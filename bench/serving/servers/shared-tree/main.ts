// Gateways whose routers share a tree: `node main.js '<SharedTreeSpec>'`. They listen on free ports until SIGTERM.
import { once } from "node:events";
import { join } from "node:path";
import { Command } from "commander";
import { NodePlatform } from "../../../../src/cli/platform.js";
import { addPolicyFlags } from "../../../../src/cli/policy-flags.js";
import { loadPolicy } from "../../../../src/cli/policy-module.js";
import { startRecords } from "../../../../src/cli/records.js";
import { UsageError } from "../../../../src/cli/usage-error.js";
import { createGateway } from "../../../../src/gateway/index.js";
import { listenHttp } from "../../../../src/protocol/index.js";
import { type PolicyOptions, Router, type RouterOptions } from "../../../../src/routing/index.js";
import { sharedTree } from "../../../../src/simulator/cluster/shared-tree.js";
import type { PrefixTree } from "../../../../src/tree/index.js";
import { routerName, type SharedTreeSpec } from "./spec.js";

const spec = JSON.parse(process.argv[2]!) as SharedTreeSpec;
const platform = new NodePlatform({ request() {}, event() {}, line() {} }, {}, () => undefined, undefined);
const policyOptions: PolicyOptions = addPolicyFlags(new Command()).parse(spec.policyFlags, { from: "user" }).opts();
const stop = once(process, "SIGTERM");
try {
  const policy = await loadPolicy(spec.policy);
  using tree = sharedTree(policyOptions);
  const started: Started[] = [];
  for (let i = 0; i < spec.routers; i++) started.push(await startGateway(policy, tree, i));
  process.stdout.write(`gateways that share a tree:\n${started.map(({ url }) => `  ${url}\n`).join("")}ready\n`);
  await stop;
  await Promise.all(started.map(({ end }) => end()));
} catch (error) {
  if (!(error instanceof UsageError || error instanceof RangeError || error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
await platform.close();
// Timers of a gateway that was started before another one failed.
process.exit();

interface Started {
  readonly url: string;
  end(): Promise<void>;
}

/** As `warmroute serve` has them: with health checks, and the replicas' load. */
async function startGateway(policy: RouterOptions["policy"], tree: PrefixTree, index: number): Promise<Started> {
  const { seed, replicas, maxOngoingRequests, track, trackInterval } = spec;
  const limit = maxOngoingRequests === undefined ? {} : { maxOngoingRequests };
  const router = new Router({
    ...policyOptions,
    policy,
    tree,
    seed: seed + index,
    replicas: replicas.map(({ id, url }) => ({ id, url, ...limit })),
  } as RouterOptions);
  const gateway = createGateway({ router, health: {}, load: {}, upstream: platform.upstream });
  const listener = await listenHttp((request) => gateway.handle(request), { host: "127.0.0.1", port: 0 });
  const records =
    track === undefined ? null : await startRecords(router, { track: join(track, routerName(index)), trackInterval });
  const end = async () => {
    await Promise.all([gateway.drain(), listener.close()]);
    await records?.close();
    gateway.close();
    router[Symbol.dispose]();
  };
  return { url: listener.url, end };
}
