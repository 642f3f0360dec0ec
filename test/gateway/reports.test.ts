import { expect, test, vi } from "vitest";
import type { Replica } from "../../src/routing/index.js";
import { named } from "../routing/support.js";
import { deadAddress, manualTime, post, serve, startGateway } from "./support.js";

const usage = { prompt_tokens: 40, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 16 } };

async function eventsOf(
  handler: () => Response,
  body: object,
  headers: Record<string, string> = {},
): Promise<string[]> {
  const events: string[] = [];
  const replica = await serve(handler);
  const { url, ended } = await startGateway([replica], {}, { policy: named(events), clock: () => 0 });
  const answer = await fetch(`${url}/v1/completions`, { method: "POST", body: JSON.stringify(body), headers });
  await answer.text().catch(() => {});
  await ended(1);
  return events.filter((event) => !event.startsWith("replicas"));
}

test("the policy hears what a whole answer says of its tokens", async () => {
  const events = await eventsOf(() => Response.json({ choices: [], usage }), { prompt: "x" });
  expect(events).toEqual([
    "routed a x",
    "accepted a x",
    'released a {"timeS":0,"cachedTokens":16,"promptTokens":40,"completionTokens":7}',
  ]);
});

test("the policy hears of a stream's first token, and of the usage at its end", async () => {
  const stream = `data: {"choices":[]}\n\ndata: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`;
  const headers = { "content-type": "text/event-stream" };
  const events = await eventsOf(() => new Response(stream, { headers }), { prompt: "x", stream: true });
  expect(events).toEqual([
    "routed a x",
    "accepted a x",
    "first token a 0",
    'released a {"timeS":0,"ttftMs":0,"cachedTokens":16,"promptTokens":40,"completionTokens":7}',
  ]);
});

test("the policy hears that an answer broke off", async () => {
  const breaking = () => {
    let pulls = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (pulls++ === 0) controller.enqueue(new TextEncoder().encode("data: 1\n\n"));
        else controller.error(new Error("broke"));
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
  const events = await eventsOf(breaking, { prompt: "x" });
  expect(events.at(-1)).toBe('released a {"timeS":0,"ttftMs":0} replica_broke');
});

test("a policy of the user's own that fails when a lease ends is told on stderr; requests end all the same", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  const policy = {
    name: "broken",
    tree: null,
    choose: ({ candidates }: { candidates: readonly Replica[] }) => ({
      replica: candidates[0]!,
      reason: "custom" as const,
      matchedChars: 0,
    }),
    onReleased() {
      throw new Error("broken");
    },
  };
  const { url, router, gateway, ended } = await startGateway([await serve(() => new Response("ok"))], {}, { policy });
  for (let i = 0; i < 3; i++) expect(await (await post(`${url}/v1/completions`, { prompt: "p" })).text()).toBe("ok");
  expect((await ended(3)).map(({ outcome }) => outcome)).toEqual(["completed", "completed", "completed"]);
  expect([router.leases, gateway.state.open]).toEqual([0, 0]);
  expect(log).toHaveBeenCalledTimes(3);
  await gateway.drain();
  log.mockRestore();
});

test("a router that was disposed of first does not make the gateway's timers fail", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  const time = manualTime();
  const { url, router, gateway } = await startGateway(
    [deadAddress()],
    { ...time.options, breaker: { failures: 1 } },
    time.options,
  );
  await post(`${url}/v1/completions`, { prompt: "p" });
  router[Symbol.dispose]();
  time.advance(60_000);
  gateway.close();
  log.mockRestore();
});
