import { describe, expect, test, vi } from "vitest";
import { deadAddress, post, serve, startGateway } from "./support.js";

describe("/v1/models", () => {
  const listing = (...ids: string[]) => serve(() => Response.json({ object: "list", data: ids.map((id) => ({ id })) }));

  test("is what the replicas that answer have, each model once", async () => {
    const { url } = await startGateway([
      await listing("m1", "m2"),
      await listing("m2", "m3"),
      deadAddress(),
      await serve(() => new Response("no list")),
    ]);
    expect(await (await fetch(`${url}/v1/models`)).json()).toEqual({
      object: "list",
      data: [{ id: "m1" }, { id: "m2" }, { id: "m3" }],
    });
  });

  test("is 503 when no replica answers", async () => {
    const { url } = await startGateway([deadAddress()]);
    expect((await fetch(`${url}/v1/models`)).status).toBe(503);
  });
});

test("/health is 200 as long as the gateway lives", async () => {
  const { url } = await startGateway([deadAddress()]);
  const response = await fetch(`${url}/health`);
  expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
});

test("/metrics counts what has happened", async () => {
  const replica = await serve(() => new Response("data: 1\n\n", { headers: { "content-type": "text/event-stream" } }));
  const { url, ended } = await startGateway([replica, replica]);
  const prompt = "Why is the sky blue?";
  for (let i = 0; i < 2; i++) await (await post(`${url}/v1/completions`, { prompt })).text();
  await post(`${url}/v1/completions`, "not json");
  const id = (await ended(3))[0]!.replica;
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get("content-type")).toMatch("text/plain; version=0.0.4");
  const lines = (await response.text()).split("\n");
  for (const line of [
    `warmroute_requests_total{replica="${id}",outcome="completed"} 2`,
    'warmroute_requests_total{replica="",outcome="bad_request"} 1',
    'warmroute_decisions_total{policy="prefix_aware",reason="smallest_tenant"} 1',
    'warmroute_decisions_total{policy="prefix_aware",reason="prefix_match"} 1',
    'warmroute_match_rate_bucket{le="0"} 1',
    'warmroute_match_rate_bucket{le="+Inf"} 2',
    "warmroute_match_rate_sum 1",
    "warmroute_time_to_first_token_seconds_count 2",
    "warmroute_request_duration_seconds_count 2",
    `warmroute_replica_queue_length{replica="${id}"} 0`,
    "warmroute_requests_in_flight 0",
    `warmroute_tree_chars{replica="${id}"} ${prompt.length}`,
  ]) {
    expect(lines).toContain(line);
  }
});

test("what fails inside is an answer of OpenAI's shape, and is told on stderr", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  const { url, router, ended } = await startGateway([deadAddress()]);
  router[Symbol.dispose]();
  for (const answer of [post(`${url}/v1/completions`, { prompt: "p" }), fetch(`${url}/metrics`)]) {
    const response = await answer;
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ error: { type: "server_error", code: "internal_error" } });
  }
  expect(await ended(1)).toMatchObject([{ outcome: "internal_error", status: 500 }]);
  expect(log).toHaveBeenCalledTimes(2);
  log.mockRestore();
});
