import { describe, expect, test } from "vitest";
import type { GatewayOptions } from "../../src/gateway/index.js";
import { deadAddress, post, resolvers, serve, startGateway, until } from "./support.js";

const PROMPT = { prompt: "Why is the sky blue?" };

/** A replica that counts its requests. */
async function counted(answer: () => Response): Promise<{ url: string; count: () => number }> {
  let count = 0;
  const url = await serve(() => {
    count++;
    return answer();
  });
  return { url, count: () => count };
}

const full = () => new Response("queue full", { status: 503, headers: { "retry-after": "7" } });
const fine = () => Response.json({ id: "fine" });

describe.each([
  ["that answers 503", full],
  ["that answers 429", () => new Response("too many", { status: 429 })],
])("a replica %s", (_, refuse) => {
  test("loses the request to another one, and what it did not take is not held against the tree", async () => {
    const refusing = await counted(refuse);
    const { url, router, records } = await startGateway([refusing.url, await serve(fine)], { replicaHeader: true });
    // Every request is tried until both have been first choice.
    for (let i = 0; refusing.count() === 0; i++) {
      const response = await post(`${url}/v1/completions`, { prompt: `${i} ${"x".repeat(i)}` });
      expect([response.status, response.headers.get("x-warmroute-replica"), await response.json()]).toEqual([
        200,
        "b",
        { id: "fine" },
      ]);
    }
    expect(records.at(-1)).toMatchObject({ outcome: "completed", replica: "b", tries: 2 });
    expect(router.replicas.map(({ queueLength }) => queueLength)).toEqual([0, 0]);
    expect(router.tree!.tenantToCharCount.get("a")).toBe(0);
  });
});

test("a replica that cannot be reached loses the request to another one", async () => {
  const { url, router, records } = await startGateway([deadAddress(), await serve(fine)]);
  for (let i = 0; records.every(({ tries }) => tries < 2); i++) {
    expect((await post(`${url}/v1/completions`, { prompt: `${i} ${"x".repeat(i)}` })).status).toBe(200);
  }
  expect(router.replicas.map(({ queueLength }) => queueLength)).toEqual([0, 0]);
});

test("when every replica is full, the last one's answer is passed on", async () => {
  const replicas = [await counted(full), await counted(full)];
  const { url, ended, router } = await startGateway(replicas.map((replica) => replica.url));
  const response = await post(`${url}/v1/completions`, PROMPT);
  expect([response.status, response.headers.get("retry-after"), await response.text()]).toEqual([
    503,
    "7",
    "queue full",
  ]);
  expect(replicas.map(({ count }) => count())).toEqual([1, 1]);
  expect(await ended(1)).toMatchObject([{ outcome: "no_replica", status: 503, tries: 2 }]);
  expect(router.replicas.map(({ queueLength }) => queueLength)).toEqual([0, 0]);
});

test("when no replica can be reached, the answer is 502", async () => {
  const { url, ended } = await startGateway([deadAddress(), deadAddress()]);
  const response = await post(`${url}/v1/completions`, PROMPT);
  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({ error: { type: "upstream_error", code: "replica_unreachable" } });
  expect(await ended(1)).toMatchObject([{ outcome: "unreachable", status: 502, tries: 2 }]);
});

test("no more replicas are tried than allowed", async () => {
  const replicas = [await counted(full), await counted(full), await counted(full), await counted(full)];
  const { url } = await startGateway(
    replicas.map((replica) => replica.url),
    { retries: { maxTries: 2 } },
  );
  await post(`${url}/v1/completions`, PROMPT);
  expect(replicas.map(({ count }) => count()).sort()).toEqual([0, 0, 1, 1]);
});

describe("when no replica has room by the router's own count", () => {
  async function full(options: Partial<GatewayOptions>, routing: { maxQueuedRequests?: number } = {}) {
    const arrived = resolvers();
    const answer = resolvers<Response>();
    const replica = await serve(() => {
      arrived.resolve();
      return answer.promise.then((response) => response.clone());
    });
    const running = await startGateway([replica], options, { maxOngoingRequests: 1, ...routing });
    const first = post(`${running.url}/v1/completions`, PROMPT);
    await arrived.promise;
    return { ...running, first, release: () => answer.resolve(fine()) };
  }

  test("a request waits for a place", async () => {
    const { url, router, ended, first, release } = await full({});
    const second = post(`${url}/v1/completions`, PROMPT);
    await until(() => router.waiting === 1);
    release();
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
    expect((await ended(2))[1]!.queueMs).toBeGreaterThan(0);
  });

  test("and no place in the queue, it is told so with 429 and the numbers", async () => {
    const { url, ended, first, release } = await full({}, { maxQueuedRequests: 0 });
    const second = await post(`${url}/v1/completions`, PROMPT);
    expect([second.status, second.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(await second.json()).toMatchObject({
      error: { code: "queue_full", message: "The queue is full: 0 requests wait for 1 replicas, and 0 may." },
    });
    release();
    await first;
    expect(await ended(2)).toMatchObject([
      { outcome: "queue_full", tries: 0, replica: null },
      { outcome: "completed" },
    ]);
  });

  test("for longer than the queue's time, it is told so with 503 and the numbers", async () => {
    const { url, ended, first, release } = await full({ timeouts: { queueMs: 1 } });
    const second = await post(`${url}/v1/completions`, PROMPT);
    expect([second.status, second.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await second.json()).toMatchObject({
      error: { code: "queue_timeout", message: expect.stringContaining("1 of 1 are full, 0 requests wait") },
    });
    release();
    await first;
    expect(await ended(2)).toMatchObject([{ outcome: "queue_timeout", tries: 0 }, { outcome: "completed" }]);
  });
});

test("an error that is the request's own fault is passed on at once", async () => {
  const replica = await counted(() => Response.json({ error: { message: "too long" } }, { status: 400 }));
  const { url, ended, router } = await startGateway([replica.url, replica.url]);
  const response = await post(`${url}/v1/completions`, PROMPT);
  expect([response.status, await response.json()]).toEqual([400, { error: { message: "too long" } }]);
  expect(replica.count()).toBe(1);
  expect(await ended(1)).toMatchObject([{ outcome: "replica_error", status: 400, tries: 1 }]);
  expect([...router.tree!.tenantToCharCount.values()]).toEqual([0, 0]);
});
