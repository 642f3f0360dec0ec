import { describe, expect, test } from "vitest";
import { RateLimit } from "../../src/gateway/rate-limit.js";
import { manualTime, metric, post, resolvers, serve, sha256, startGateway, until } from "./support.js";

const PROMPT = { prompt: "Why is the sky blue? ".repeat(20) };
const bearer = (key: string) => ({ headers: { "content-type": "application/json", authorization: `Bearer ${key}` } });
const fine = () => new Response("{}");

async function keys(...list: { name: string; [option: string]: unknown }[]) {
  return Promise.all(list.map(async (each) => ({ ...each, sha256: await sha256(`key of ${each.name}`) })));
}

describe("where there are keys", () => {
  test("a request without one, or with one that is not known, is refused with 401 and not read", async () => {
    let seen = 0;
    const replica = await serve(() => {
      seen++;
      return fine();
    });
    const { url, ended } = await startGateway([replica], { keys: await keys({ name: "me" }) });
    for (const init of [{}, bearer("wrong"), { headers: { authorization: "Basic abc" } }]) {
      const response = await post(`${url}/v1/completions`, "not even JSON", init);
      expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
      expect(await response.json()).toMatchObject({ error: { type: "authentication_error" } });
    }
    expect(seen).toBe(0);
    expect(await ended(3)).toMatchObject(Array(3).fill({ outcome: "unauthorized", key: null }));
  });

  test("one is taken as a bearer token and as Anthropic's x-api-key, and named in the record", async () => {
    const { url, ended } = await startGateway([await serve(fine)], {
      keys: await keys({ name: "me" }, { name: "you" }),
    });
    expect((await post(`${url}/v1/completions`, PROMPT, bearer("key of me"))).status).toBe(200);
    expect((await post(`${url}/v1/completions`, PROMPT, { headers: { "x-api-key": "key of you" } })).status).toBe(200);
    expect(await ended(2)).toMatchObject([{ key: "me" }, { key: "you" }]);
  });

  test("it does not get to the replica, which has one of its own", async () => {
    let received = new Headers();
    const replica = await serve((request) => {
      received = request.headers;
      return fine();
    });
    const { url, router } = await startGateway([replica], { keys: await keys({ name: "me" }) });
    router.updateReplicas([{ id: "a", url: replica, headers: { authorization: "Bearer upstream" } }]);
    const headers = { authorization: "Bearer key of me", "x-api-key": "key of me", cookie: "session=1" };
    await post(`${url}/v1/completions`, PROMPT, { headers });
    expect(received.get("authorization")).toBe("Bearer upstream");
    expect([received.get("x-api-key"), received.get("cookie")]).toEqual([null, null]);
  });

  test("the client's own credentials are passed on only when that is asked for", async () => {
    let received = new Headers();
    const replica = await serve((request) => {
      received = request.headers;
      return fine();
    });
    const { url } = await startGateway([replica], { forwardAuthorization: true });
    await post(`${url}/v1/completions`, PROMPT, bearer("mine"));
    expect(received.get("authorization")).toBe("Bearer mine");
  });

  test("decisions are told to trusted ones only: hits tell what others have sent", async () => {
    const options = { replicaHeader: true, keys: await keys({ name: "me" }, { name: "operator", trusted: true }) };
    const { url } = await startGateway([await serve(fine)], options);
    const headersFor = async (name: string) =>
      [...(await post(`${url}/v1/completions`, PROMPT, bearer(`key of ${name}`))).headers.keys()].filter((each) =>
        each.startsWith("x-warmroute-"),
      );
    expect(await headersFor("me")).toEqual([]);
    expect(await headersFor("operator")).toContain("x-warmroute-replica");
    const status = async (path: string, key: string) => (await fetch(url + path, bearer(key))).status;
    expect([await status("/metrics", "key of me"), await status("/metrics", "key of operator")]).toEqual([401, 200]);
    expect([await status("/v1/models", ""), await status("/v1/models", "key of me")]).toEqual([401, 503]);
    expect([await status("/health", ""), await status("/ready", "")]).toEqual([200, 200]);
  });

  test("one with a namespace matches its own texts only", async () => {
    const options = {
      keys: await keys({ name: "me", namespace: true }, { name: "you", namespace: true }, { name: "all" }),
    };
    const { url, ended } = await startGateway([await serve(fine), await serve(fine)], options);
    for (const name of ["me", "you", "all", "me", "all"]) {
      await post(`${url}/v1/completions`, PROMPT, bearer(`key of ${name}`));
    }
    expect((await ended(5)).map(({ matchRate }) => matchRate)).toEqual([0, 0, 0, 1, 1]);
  });

  test("no more requests of one are under way than it may have, whatever the others do", async () => {
    const answer = resolvers();
    const replica = await serve(() => answer.promise.then(fine));
    const options = { keys: await keys({ name: "me", maxConcurrent: 1 }, { name: "you" }) };
    const { url, ended, router } = await startGateway([replica], options);
    const first = post(`${url}/v1/completions`, PROMPT, bearer("key of me"));
    const other = post(`${url}/v1/completions`, PROMPT, bearer("key of you"));
    await until(() => router.leases === 2);
    const second = await post(`${url}/v1/completions`, PROMPT, bearer("key of me"));
    expect([second.status, second.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(await second.json()).toMatchObject({
      error: {
        type: "rate_limit_error",
        code: "rate_limit_exceeded",
        message: expect.stringContaining("1 requests are"),
      },
    });
    answer.resolve();
    expect([(await first).status, (await other).status]).toEqual([200, 200]);
    await ended(3);
    expect((await post(`${url}/v1/completions`, PROMPT, bearer("key of me"))).status).toBe(200);
  });

  test("no more requests a minute are taken of one than it may have, and it is told when to come again", async () => {
    const time = manualTime();
    const options = { ...time.options, keys: await keys({ name: "me", requestsPerMinute: 2, trusted: true }) };
    const { url, ended } = await startGateway([await serve(fine)], options, time.options);
    const ask = () => post(`${url}/v1/completions`, PROMPT, bearer("key of me"));
    expect([(await ask()).status, (await ask()).status]).toEqual([200, 200]);
    const third = await ask();
    expect([third.status, third.headers.get("retry-after")]).toEqual([429, "30"]);
    time.advance(30_000);
    expect([(await ask()).status, (await ask()).status]).toEqual([200, 429]);
    expect((await ended(5)).at(-1)).toMatchObject({ outcome: "rate_limited", key: "me", tries: 0 });
    const text = await (await fetch(`${url}/metrics`, bearer("key of me"))).text();
    expect(text).toContain('warmroute_rate_limited_total{key="me"} 2\n');
  });
});

test("a rate's bucket is as large as the minute, and its clock may stand still or go back", () => {
  const limit = new RateLimit(60, 100);
  for (let i = 0; i < 60; i++) expect(limit.take(100)).toBe(0);
  expect(limit.take(100)).toBeCloseTo(1);
  expect(limit.take(90)).toBeCloseTo(1);
  expect(limit.take(91)).toBe(0);
});

test("neither prompts nor keys are in metrics or on the console", async () => {
  const { url } = await startGateway([await serve(fine)]);
  await post(`${url}/v1/completions`, { prompt: "a most secret prompt", model: "m", user: "somebody" }, bearer("hush"));
  const text = await (await fetch(`${url}/metrics`)).text();
  for (const secret of ["secret prompt", "hush", "somebody"]) expect(text).not.toContain(secret);
  expect(await metric(url, "warmroute_requests_in_flight")).toBe(0);
});
