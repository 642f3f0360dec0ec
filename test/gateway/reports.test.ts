import { expect, test } from "vitest";
import { named } from "../routing/support.js";
import { serve, startGateway } from "./support.js";

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
