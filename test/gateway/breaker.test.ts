import { describe, expect, test } from "vitest";
import { Breaker } from "../../src/gateway/breaker.js";
import { manualTime, metric, post, resolvers, serve, serveMortal, startGateway, until } from "./support.js";

const PROMPT = { prompt: "Why is the sky blue? ".repeat(20) };

test("a breaker opens after failures in a row, lets one request try, and closes when that one is answered", () => {
  const breaker = new Breaker({ failures: 3, openMs: 10_000, halfOpenRequests: 1 });
  expect([breaker.failed(0), breaker.failed(0)]).toEqual([false, false]);
  breaker.succeeded();
  expect([breaker.failed(0), breaker.failed(0), breaker.failed(0)]).toEqual([false, false, true]);
  expect([breaker.state(9.9), breaker.allows(9.9), breaker.opensInS(9)]).toEqual(["open", false, 1]);
  expect([breaker.state(10), breaker.allows(10)]).toEqual(["half_open", true]);
  expect(breaker.begin(10)).toBe(true);
  expect(breaker.allows(10)).toBe(false);
  breaker.probed();
  expect(breaker.failed(10)).toBe(true);
  expect(breaker.state(19)).toBe("open");
  expect(breaker.begin(20)).toBe(true);
  breaker.probed();
  breaker.answered(20);
  expect([breaker.state(20), breaker.begin(20)]).toEqual(["closed", false]);
});

test("an answer to a request from before it opened neither opens it again nor closes it", () => {
  const breaker = new Breaker({ failures: 1, openMs: 10_000, halfOpenRequests: 1 });
  breaker.failed(0);
  expect(breaker.failed(5)).toBe(false);
  breaker.answered(5);
  breaker.succeeded();
  expect([breaker.state(9), breaker.state(10)]).toEqual(["open", "half_open"]);
});

describe("a replica that fails again and again", () => {
  /** One that answers 500 as long as it is told to. */
  async function ailing(options: { failures: number; halfOpenRequests?: number }) {
    let ill = true;
    let seen = 0;
    const replica = await serve(() => {
      seen++;
      return ill ? new Response("no", { status: 500 }) : new Response("yes");
    });
    const time = manualTime();
    const running = await startGateway(
      [replica],
      { ...time.options, breaker: { openMs: 10_000, ...options }, retries: { maxTries: 1 } },
      time.options,
    );
    const ask = () => post(`${running.url}/v1/completions`, PROMPT);
    return { ...running, ...time, ask, seen: () => seen, recover: () => (ill = false) };
  }

  test("is sent nothing more, loses its texts, and clients are told when to come again", async () => {
    const { url, router, ask, seen, advance } = await ailing({ failures: 2 });
    expect([(await ask()).status, (await ask()).status]).toEqual([500, 500]);
    const refused = await ask();
    expect([refused.status, refused.headers.get("retry-after"), seen()]).toEqual([503, "10", 2]);
    expect(await refused.json()).toMatchObject({
      error: { code: "no_replica", message: "No replica can be sent this request now: 1 of 1 are left alone." },
    });
    expect((await fetch(`${url}/ready`)).status).toBe(503);
    expect(router.tree!.stats().chars).toBe(0);
    expect(await metric(url, 'warmroute_replica_breaker_state{replica="a"}')).toBe(2);
    expect(await metric(url, 'warmroute_replica_state{replica="a",state="ejected"}')).toBe(1);
    expect(await metric(url, 'warmroute_ejections_total{replica="a"}')).toBe(1);
    advance(9_000);
    expect((await ask()).headers.get("retry-after")).toBe("1");
  });

  test("is tried by one request after a while, and by all once that one is answered", async () => {
    const { url, ask, seen, advance, recover } = await ailing({ failures: 1 });
    await ask();
    advance(10_000);
    expect((await ask()).status).toBe(500);
    expect((await ask()).status).toBe(503);
    advance(10_000);
    recover();
    expect([(await ask()).status, (await ask()).status, seen()]).toEqual([200, 200, 4]);
    expect(await metric(url, 'warmroute_replica_breaker_state{replica="a"}')).toBe(0);
    expect((await fetch(`${url}/ready`)).status).toBe(200);
  });

  test("gets no more than the one request while that tries it, of many that come at once", async () => {
    const answer = resolvers<Response>();
    let probing = false;
    let seen = 0;
    const replica = await serve(() => {
      seen++;
      return probing ? answer.promise : new Response("no", { status: 500 });
    });
    const time = manualTime();
    const { url, ended } = await startGateway(
      [replica],
      { ...time.options, breaker: { failures: 1, openMs: 10_000 }, retries: { maxTries: 1 } },
      time.options,
    );
    await post(`${url}/v1/completions`, PROMPT);
    time.advance(10_000);
    probing = true;
    const asked = Array.from({ length: 8 }, () => post(`${url}/v1/completions`, PROMPT));
    await ended(8);
    expect(seen).toBe(2);
    answer.resolve(new Response("yes"));
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 503, 503, 503, 503, 503, 503, 503]);
  });

  test("is tried again when the client of the one that tried it has left", async () => {
    let probing = false;
    const arrived = resolvers();
    const replica = await serve(() => {
      if (!probing) return new Response("no", { status: 500 });
      arrived.resolve();
      return new Promise<Response>(() => {});
    });
    const time = manualTime();
    const { url, gateway, ended } = await startGateway(
      [replica],
      { ...time.options, breaker: { failures: 1, openMs: 10_000 }, retries: { maxTries: 1 } },
      time.options,
    );
    await post(`${url}/v1/completions`, PROMPT);
    time.advance(10_000);
    probing = true;
    const client = new AbortController();
    const left = post(`${url}/v1/completions`, PROMPT, { signal: client.signal }).catch(() => {});
    await arrived.promise;
    expect((await fetch(`${url}/ready`)).status).toBe(503);
    client.abort();
    await Promise.all([left, ended(2)]);
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    expect(gateway.state.models[0]!.replicas[0]).toMatchObject({ state: "ejected", breaker: "half_open" });
  });
});

test("who waits for a full replica gets the one that comes back", async () => {
  const busy = resolvers<Response>();
  let ill = true;
  const replicas = [
    await serve(() => (ill ? new Response("no", { status: 500 }) : new Response("b"))),
    await serve(() => busy.promise.then((response) => response.clone())),
  ];
  const time = manualTime();
  const { url, router } = await startGateway(
    replicas,
    { ...time.options, breaker: { failures: 1, openMs: 10_000 } },
    { ...time.options, maxOngoingRequests: 1, policy: "round_robin" },
  );
  // The first goes from the ill one to the other, which has no room for a second one then.
  const first = post(`${url}/v1/completions`, PROMPT);
  await until(() => router.replicas[1]!.queueLength === 1);
  const second = post(`${url}/v1/completions`, PROMPT);
  await until(() => router.waiting === 1);
  ill = false;
  time.advance(10_000);
  expect(await (await second).text()).toBe("b");
  busy.resolve(new Response("a"));
  expect(await (await first).text()).toBe("a");
});

test("a replica whose connections are refused loses its texts at once: its process is gone, and its cache", async () => {
  const mortal = await serveMortal(() => new Response("ok"));
  const { url, router, ended } = await startGateway([mortal.url, await serve(() => new Response("ok"))], {
    breaker: { failures: 100, openMs: 1 },
  });
  for (let i = 0; i < 4; i++) await (await post(`${url}/v1/completions`, { prompt: `${i} ${PROMPT.prompt}` })).text();
  const chars = () => router.tree!.tenantToCharCount.get("a")!;
  expect(chars()).toBeGreaterThan(0);
  await mortal.kill();
  for (let i = 0; i < 4; i++) await (await post(`${url}/v1/completions`, { prompt: `${i} ${PROMPT.prompt}` })).text();
  expect(chars()).toBe(0);
  expect(await metric(url, 'warmroute_forgotten_total{replica="a",cause="refused"}')).toBe(1);
  const records = await ended(8);
  expect(records.map(({ outcome }) => outcome)).toEqual(Array(8).fill("completed"));
  expect(records.some(({ failures, tries }) => failures[0] === "refused" && tries === 2)).toBe(true);
});
