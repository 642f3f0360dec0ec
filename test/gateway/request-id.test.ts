import { expect, test } from "vitest";
import { deadAddress, post, serve, startGateway } from "./support.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A replica that keeps the ids that it was asked with, and answers with one of its own. */
async function replica(): Promise<{ url: string; seen: (string | null)[] }> {
  const seen: (string | null)[] = [];
  const url = await serve(({ headers }) => {
    seen.push(headers.get("x-request-id"));
    return Response.json({}, { headers: { "x-request-id": "the-replica's" } });
  });
  return { url, seen };
}

test("a request has a new id, which replica, client and log get", async () => {
  const { url: a, seen } = await replica();
  const { url, ended } = await startGateway([a]);
  const answer = await post(`${url}/v1/completions`, { prompt: "p" });
  await answer.text();
  const [record] = await ended(1);
  expect(record!.requestId).toMatch(UUID);
  expect(answer.headers.get("x-request-id")).toBe(record!.requestId);
  expect(seen).toEqual([record!.requestId]);
});

test("a client's own id is kept", async () => {
  const { url: a, seen } = await replica();
  const { url, ended } = await startGateway([a]);
  const answer = await post(`${url}/v1/completions`, { prompt: "p" }, { headers: { "x-request-id": "mine-1" } });
  await answer.text();
  expect([answer.headers.get("x-request-id"), seen, (await ended(1))[0]!.requestId]).toEqual([
    "mine-1",
    ["mine-1"],
    "mine-1",
  ]);
});

test.each(["two words", "x".repeat(129), 'a"\u00e4'])(
  "an id that is no word of up to 128 characters is replaced: %j",
  async (given) => {
    const { url: a, seen } = await replica();
    const { url } = await startGateway([a]);
    const answer = await post(`${url}/v1/completions`, { prompt: "p" }, { headers: { "x-request-id": given } });
    await answer.text();
    expect(seen[0]).toMatch(UUID);
  },
);

test("every try of a request has its id", async () => {
  const seen: (string | null)[] = [];
  const full = await serve(({ headers }) => {
    seen.push(headers.get("x-request-id"));
    return new Response(null, { status: 503 });
  });
  const { url } = await startGateway([full, full], { retries: { backoffMs: 0 } });
  const answer = await post(`${url}/v1/completions`, { prompt: "p" });
  await answer.text();
  expect(seen).toEqual([answer.headers.get("x-request-id"), answer.headers.get("x-request-id")]);
});

test("a refusal has one too, and Anthropic's clients find it under their name for it", async () => {
  const { url, ended } = await startGateway([deadAddress()]);
  for (const body of ["{", { messages: [{ role: "user", content: "p" }] }]) {
    const answer = await post(`${url}/v1/messages`, body);
    await answer.text();
    expect(answer.headers.get("request-id")).toMatch(UUID);
    expect(answer.headers.get("x-request-id")).toBe(answer.headers.get("request-id"));
  }
  const ids = (await ended(2)).map(({ requestId }) => requestId);
  expect(new Set(ids).size).toBe(2);
});
