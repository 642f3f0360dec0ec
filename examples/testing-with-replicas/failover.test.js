import { afterEach, beforeEach, expect, test } from "vitest";
import { Router } from "warmroute";
import { createGateway } from "warmroute/gateway";
import { startReplica } from "warmroute/simulator";

/** Two vLLM servers that need no GPU, each at a port of its own, and a gateway in front of them. */
let replicas;
let gateway;

beforeEach(async () => {
  replicas = { a: await startReplica({ speed: 10 }), b: await startReplica({ speed: 10 }) };
  const router = new Router({
    policy: "prefix_aware",
    replicas: Object.entries(replicas).map(([id, { url }]) => ({ id, url })),
  });
  gateway = createGateway({ router, replicaHeader: true });
});

afterEach(() => Promise.all(Object.values(replicas).map((replica) => replica.close())));

/** What your own program does with a model: here, streams an answer through the gateway. */
async function ask(maxTokens) {
  const messages = [{ role: "user", content: "Why is the sky blue?" }];
  const body = JSON.stringify({ messages, max_tokens: maxTokens, ignore_eos: true, stream: true });
  const response = await gateway.fetch(new Request("http://gateway/v1/chat/completions", { method: "POST", body }));
  return { replica: response.headers.get("x-warmroute-replica"), events: events(response) };
}

async function all(events) {
  const seen = [];
  for await (const event of events) seen.push(event);
  return seen;
}

async function* events(response) {
  let rest = "";
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + piece).split(/\n\n+/);
    rest = parts.pop();
    for (const part of parts) if (part !== "") yield part.slice("data: ".length);
  }
}

test("a replica that dies in mid-stream: the client sees what came, then an error; the next request is answered", async () => {
  const { replica, events } = await ask(10_000);
  const seen = [];
  for await (const event of events) {
    seen.push(event);
    // The first event opens the answer, the other four have a token each.
    if (seen.length === 5) await replicas[replica].close();
  }

  expect(seen.length).toBeGreaterThanOrEqual(6);
  expect(seen).not.toContain("[DONE]");
  expect(JSON.parse(seen.at(-1)).error.code).toBe("replica_broke");
  for (const event of seen.slice(1, -1)) expect(JSON.parse(event).choices[0].delta.content).not.toBe("");

  const again = await ask(5);
  expect(again.replica).toBe(replica === "a" ? "b" : "a");
  expect((await all(again.events)).at(-1)).toBe("[DONE]");
});

test("a stream that is cut after exactly three tokens, and a server that is all right the next time", async () => {
  for (const { replica } of Object.values(replicas)) replica.inject({ kind: "cut", afterTokens: 3, requests: 1 });

  const seen = await all((await ask(20)).events);
  // The opening, three tokens, the error.
  expect(seen).toHaveLength(5);
  expect(JSON.parse(seen.at(-1)).error.code).toBe("replica_broke");
});

test("a full replica is left for another one before the client sees a byte", async () => {
  replicas.a.replica.inject({ kind: "status", status: 503 });

  for (let i = 0; i < 4; i++) {
    const { replica, events } = await ask(3);
    expect(replica).toBe("b");
    expect((await all(events)).at(-1)).toBe("[DONE]");
  }
  // The second time the prompt was in the cache.
  expect(replicas.b.replica.stats.cachedTokens).toBeGreaterThan(0);
});
