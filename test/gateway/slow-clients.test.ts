import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import type { TimeoutOptions } from "../../src/gateway/index.js";
import { type ManualTime, manualTime, resolvers, serve, startGateway, until } from "./support.js";

const EVENTS = { "content-type": "text/event-stream" };

/**
 * A stream of 400 pieces, and a client that has read its head.
 * Returns when the gateway waits for the client.
 */
async function unreadStream(time: ManualTime, timeouts: TimeoutOptions = {}) {
  const size = 1 << 16;
  let left = 400;
  const upstream = resolvers<AbortSignal>();
  const replica = await serve((request) => {
    upstream.resolve(request.signal);
    return new Response(
      new ReadableStream({
        pull(to) {
          if (left-- === 0) to.close();
          else to.enqueue(new Uint8Array(size));
        },
      }),
      { headers: EVENTS },
    );
  });
  const gateway = await startGateway([replica], { ...time.options, timeouts }, time.options);
  const client = httpRequest(`${gateway.url}/v1/completions`, { method: "POST" }).end('{"prompt":"p"}');
  const [answer] = (await once(client, "response")) as [IncomingMessage];
  answer.pause();
  let before = -1;
  while (before !== left) {
    before = left;
    for (let i = 0; i < 50; i++) await fetch(`${gateway.url}/health`);
  }
  return { ...gateway, answer, upstream: await upstream.promise, bytes: 400 * size };
}

test("a client that is slow to read is not taken for a replica that stalls", async () => {
  const time = manualTime();
  const { answer, bytes, ended } = await unreadStream(time, { idleMs: 1_000 });
  time.advance(59_000);
  let received = 0;
  for await (const chunk of answer) received += chunk.length;
  expect(received).toBe(bytes);
  expect(await ended(1)).toMatchObject([{ outcome: "completed" }]);
});

test("a client that stays but takes nothing is cut off, and the replica's work for it ends", async () => {
  const time = manualTime();
  const { answer, bytes, router, upstream, ended } = await unreadStream(time);
  time.advance(59_000);
  expect(router.leases).toBe(1);
  time.advance(1_000);
  expect(await ended(1)).toMatchObject([{ outcome: "client_stalled", status: 200 }]);
  expect(router.leases).toBe(0);
  await until(() => upstream.aborted);
  let received = 0;
  await expect(async () => {
    for await (const chunk of answer) received += chunk.length;
  }).rejects.toThrow(/aborted|ECONNRESET/);
  expect(received).toBeLessThan(bytes);
});

test("a body that nobody reads fails for who asks for more of it later", async () => {
  const time = manualTime();
  const stream = () =>
    new ReadableStream({ pull: (to) => to.enqueue(new TextEncoder().encode("data: 1\n\n")) }, { highWaterMark: 0 });
  const replica = await serve(() => new Response(stream(), { headers: EVENTS }));
  const { gateway, router, records } = await startGateway([replica], time.options, time.options);
  const answer = await gateway.fetch(
    new Request("http://gateway/v1/completions", { method: "POST", body: '{"prompt":"p","stream":true}' }),
  );
  const reader = answer.body!.getReader();
  await reader.read();
  time.advance(60_000);
  expect(records).toMatchObject([{ outcome: "client_stalled" }]);
  expect(router.leases).toBe(0);
  await expect(reader.read()).rejects.toThrow("the client took nothing for 60000 ms");
});
