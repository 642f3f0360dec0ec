import { expect, test } from "vitest";
import { deadAddress, post, serve, startGateway } from "./support.js";

/** A replica that does what the prompt says. */
function obedient(): Promise<string> {
  return serve(async (request) => {
    const { prompt } = (await request.json()) as { prompt: string };
    if (prompt.startsWith("full")) return new Response("full", { status: 503 });
    if (prompt.startsWith("wrong")) return Response.json({ error: {} }, { status: 400 });
    if (prompt.startsWith("silent")) return new Promise<Response>(() => {});
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(encoder.encode("data: 1\n\n"));
        if (prompt.startsWith("fine")) controller.close();
      },
      pull(controller) {
        if (prompt.startsWith("break")) controller.error(new Error("broke"));
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
}

type Attempt = (url: string, signal: AbortSignal, leave: () => void) => Promise<unknown>;

const attempts: Record<string, Attempt> = {
  fine: async (url) => (await post(url, { prompt: "fine" })).text(),
  full: async (url) => (await post(url, { prompt: "full" })).text(),
  wrong: async (url) => (await post(url, { prompt: "wrong" })).text(),
  broken: async (url) => (await post(url, { prompt: "break" })).text(),
  malformed: async (url) => (await post(url, "{")).text(),
  "leaving at once": async (url, signal, leave) => {
    const answer = post(url, { prompt: "silent" }, { signal });
    leave();
    await answer;
  },
  "leaving in the answer": async (url, signal, leave) => {
    const response = await post(url, { prompt: "endless" }, { signal });
    await response.body!.getReader().read();
    leave();
  },
};

test("whatever happens, every request ends in exactly one outcome and no place stays taken", async () => {
  const replicas = [await obedient(), await obedient(), deadAddress()];
  const { url, router, records, gateway } = await startGateway(replicas);
  const rounds = 20;
  await Promise.all(
    Array.from({ length: rounds }, () => Object.values(attempts))
      .flat()
      .map((attempt) => {
        const client = new AbortController();
        return attempt(`${url}/v1/completions`, client.signal, () => client.abort()).catch(() => {});
      }),
  );
  await gateway.drain();

  const count = new Map<string, number>();
  for (const { outcome } of records) count.set(outcome, (count.get(outcome) ?? 0) + 1);
  expect(Object.fromEntries(count)).toMatchObject({
    completed: rounds,
    no_replica: rounds,
    replica_error: rounds,
    replica_broke: rounds,
    bad_request: rounds,
  });
  // A client that leaves at once may not have come to the gateway at all.
  expect(count.get("client_left")).toBeGreaterThanOrEqual(rounds);
  expect(records.length).toBeLessThanOrEqual(rounds * Object.keys(attempts).length);
  expect(router.replicas.map(({ queueLength }) => queueLength)).toEqual([0, 0, 0]);

  const metrics = await (await fetch(`${url}/metrics`)).text();
  const counted = [...metrics.matchAll(/^warmroute_requests_total\{.*\} (\d+)$/gm)];
  expect(counted.reduce((sum, [, value]) => sum + Number(value), 0)).toBe(records.length);
  expect(metrics).toContain("warmroute_requests_in_flight 0\n");
});
