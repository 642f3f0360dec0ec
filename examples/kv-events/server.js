// The gateway, whose tree hears of what replicas lose: by their KV events, over ZeroMQ as vLLM and SGLang send them.
import { serve } from "@hono/node-server";
import { PrefixTree, Router } from "warmroute";
import { createGateway } from "warmroute/gateway";
import { Dealer, Subscriber } from "zeromq";
import { Follower } from "./follower.js";

// Of each replica: its address, where it publishes its events, where it replays them.
const list =
  process.env.REPLICAS ??
  "http://localhost:8001,tcp://127.0.0.1:5557,tcp://127.0.0.1:5657 http://localhost:8002,tcp://127.0.0.1:5558,tcp://127.0.0.1:5658";
const replicas = list.split(" ").map((each, i) => {
  const [url, events, replays] = each.split(",");
  return { id: `replica-${i + 1}`, url, events, replays };
});
/** Of the texts that you serve, on average: 4 in English, 1 to 2 in Chinese. Rather too many than too few. */
const CHARS_PER_TOKEN = Number(process.env.CHARS_PER_TOKEN ?? 4);

// A router's own tree is not for others to change; this one is ours.
const tree = new PrefixTree();
const router = new Router({ policy: "prefix_aware", tree, replicas: replicas.map(({ id, url }) => ({ id, url })) });
const gateway = createGateway({ router, replicaHeader: true });

for (const { id, events, replays } of replicas) void follow(id, events, replays);

async function follow(id, events, replays) {
  const follower = new Follower({
    replay: (from) => replayed(replays, from),
    onLost(why) {
      router.forget(id);
      console.log(`${id} is forgotten: ${why}`);
    },
    onEvicted(tokens) {
      // Both forget what was used longest ago, so that what is left in the tree is about what is left in the cache.
      const excess = (tree.tenantToCharCount.get(id) ?? 0) - tokens * CHARS_PER_TOKEN;
      if (excess <= 0) return;
      console.log(`${id} holds ${tokens} tokens: ${tree.evictTenantByLru(id, excess)} characters are forgotten`);
    },
  });
  const subscriber = new Subscriber({ receiveHighWaterMark: 100_000 });
  subscriber.connect(events);
  subscriber.subscribe();
  for await (const frames of subscriber) {
    const [number, payload] = frames.slice(-2);
    await follower.message(number.readBigUInt64BE(), payload);
  }
}

/** What a replica still has of its messages from a number on; nothing where it does not answer. */
async function replayed(endpoint, from) {
  const messages = [];
  const dealer = new Dealer({ receiveTimeout: 5000, linger: 0 });
  try {
    dealer.connect(endpoint);
    const first = Buffer.alloc(8);
    first.writeBigUInt64BE(from);
    await dealer.send(["", first]);
    for await (const frames of dealer) {
      // vLLM has put the topic between the empty frame and these two since some version.
      const [number, payload] = frames.slice(-2);
      if (payload.length === 0) break;
      messages.push([number.readBigUInt64BE(), payload]);
    }
  } catch (error) {
    console.error(`${endpoint} does not replay: ${error.message}`);
  } finally {
    dealer.close();
  }
  return messages;
}

const server = serve({ fetch: gateway.fetch, port: Number(process.env.PORT ?? 8000) }, ({ port }) =>
  console.log(`http://localhost:${port}/v1`),
);

process.once("SIGTERM", async () => {
  await gateway.drain();
  server.close(() => process.exit());
});
