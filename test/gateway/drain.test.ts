import { expect, test } from "vitest";
import { post, resolvers, serve, startGateway } from "./support.js";

test("drain lets answers under way end, and refuses new work", async () => {
  const arrived = resolvers();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const replica = await serve(() => {
    arrived.resolve();
    return new Response(readable);
  });
  const { url, gateway, ended } = await startGateway([replica]);
  const first = post(`${url}/v1/completions`, { prompt: "first" });
  await arrived.promise;

  let drained = false;
  const draining = gateway.drain().then(() => {
    drained = true;
  });
  const second = await post(`${url}/v1/completions`, { prompt: "second" });
  expect([second.status, second.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await second.json()).toMatchObject({ error: { code: "draining" } });
  expect((await fetch(`${url}/health`)).status).toBe(200);
  expect(drained).toBe(false);

  const writer = writable.getWriter();
  void writer.write(new TextEncoder().encode("whole"));
  void writer.close();
  expect(await (await first).text()).toBe("whole");
  await draining;
  expect((await ended(2)).map(({ outcome }) => outcome)).toEqual(["draining", "completed"]);
});

test("drain of an idle gateway is over at once, however often it is asked for", async () => {
  const { gateway } = await startGateway([await serve(() => new Response())]);
  await Promise.all([gateway.drain(), gateway.drain()]);
});
