// Every fault in every phase, under three policies: a replica that fails beside one that does not. Sockets and replicas are real
// (simulated vLLM servers); time limits are reached by a clock that the test moves.
import { afterEach, describe, expect, test } from "vitest";
import type { RequestRecord } from "../../src/gateway/index.js";
import type { PolicyName } from "../../src/routing/index.js";
import { simulatedReplica } from "../../src/simulator/index.js";
import { type Fault, type FaultyReplica, faultyReplica, type Phase, turns } from "./faulty.js";
import { manualTime, metric, post, serve, serveMortal, startGateway } from "./support.js";

const POLICIES: readonly PolicyName[] = ["prefix_aware", "cache_aware", "pow_of_2"];

/** What the client of a request that meets the fault gets: an answer of the other replica, or of this one, or a broken one. */
type End = "other" | "same" | "replica_broke" | "replica_stalled";

const MATRIX: readonly { fault: Fault; phase: Phase; end: End; failure?: string | number }[] = [
  { phase: "connect", fault: "cut", end: "other", failure: "reset" },
  { phase: "connect", fault: "hang", end: "other", failure: "first_byte_timeout" },
  { phase: "connect", fault: "slow", end: "same" },
  { phase: "headers", fault: "503", end: "other", failure: 503 },
  { phase: "headers", fault: "cut", end: "other", failure: "reset" },
  { phase: "headers", fault: "hang", end: "other", failure: "first_byte_timeout" },
  { phase: "headers", fault: "slow", end: "same" },
  { phase: "first byte", fault: "cut", end: "other", failure: "reset" },
  { phase: "first byte", fault: "hang", end: "other", failure: "first_byte_timeout" },
  { phase: "first byte", fault: "slow", end: "same" },
  { phase: "mid-stream", fault: "cut", end: "replica_broke" },
  { phase: "mid-stream", fault: "hang", end: "replica_stalled" },
  { phase: "mid-stream", fault: "slow", end: "same" },
];

const stops: FaultyReplica[] = [];

afterEach(async () => {
  for (const each of stops.splice(0)) await each.stop();
});

const simulated = () => {
  const replica = simulatedReplica({ speed: 10_000 });
  return (request: Request) => replica.fetch(request);
};

function chat(i: number) {
  return {
    stream: true,
    max_tokens: 4,
    messages: [{ role: "user", content: `Question ${i}: ${"why? ".repeat(i)}` }],
  };
}

describe.each(POLICIES)("%s", (policy) => {
  test.each(MATRIX)("a replica with '$fault' at '$phase' → $end", async ({ fault, phase, end, failure }) => {
    const faulty = await faultyReplica(fault, phase);
    stops.push(faulty);
    const time = manualTime();
    const running = await startGateway(
      [faulty.url, await serve(simulated())],
      { ...time.options },
      { ...time.options, policy },
    );
    const { url, router, ended } = running;
    const texts: string[] = [];
    let asked = 0;
    // Until one has met it: where a request goes is the policy's.
    for (let i = 1; faulty.struck === 0 && i <= 40; i++) {
      asked++;
      const answer = post(`${url}/v1/chat/completions`, chat(i)).then(async (response) => {
        let text = "";
        const decoder = new TextDecoder();
        for await (const piece of response.body!) {
          text += decoder.decode(piece, { stream: true });
          if (fault === "hang" && phase === "mid-stream" && faulty.struck > 0)
            void turns().then(() => time.advance(60_000));
        }
        return text;
      });
      if (fault === "hang" && phase !== "mid-stream") {
        let over = false;
        void answer.finally(() => {
          over = true;
        });
        while (!over && faulty.struck === 0) await turns(1);
        if (!over) time.advance(120_000);
      }
      texts.push(await answer);
    }
    expect(faulty.struck).toBeGreaterThan(0);
    const records = await ended(asked);
    const met = records.at(-1)!;
    const text = texts.at(-1)!;
    if (end === "other" || end === "same") {
      expect(met).toMatchObject({ outcome: "completed", status: 200, replica: end === "same" ? "a" : "b" });
      expect(met.failures).toEqual(failure === undefined ? [] : [failure]);
      expect(text).toMatch(/data: \[DONE\]\n\n$/);
    } else {
      expect(met).toMatchObject({ outcome: end, status: 200, replica: "a", tries: 1 });
      expect(text).toMatch(new RegExp(`\n\ndata: \\{"error":.*"code":"${end}"\\}\\}\n\n$`));
    }
    expect(records.slice(0, -1).every(({ outcome }) => outcome === "completed")).toBe(true);
    expect([records.length, router.leases, router.waiting]).toEqual([asked, 0, 0]);
    await expectCounted(url, records);
  });

  test("a replica that is restarted again and again: every request is answered, and what it had is forgotten", async () => {
    const mortal = await serveMortal(simulated());
    const { url, router, ended } = await startGateway(
      [mortal.url, await serve(simulated())],
      { breaker: { failures: 2, openMs: 1 } },
      { policy },
    );
    let asked = 0;
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 8; i++) {
        const response = await post(`${url}/v1/chat/completions`, chat(++asked));
        expect([response.status, (await response.text()).endsWith("data: [DONE]\n\n")]).toEqual([200, true]);
      }
      if (round % 2 === 0) await mortal.kill();
      else await mortal.revive();
      if (round % 2 === 1) expect(router.tree?.tenantToCharCount.get("a") ?? 0).toBe(0);
    }
    expect((await ended(asked)).every(({ outcome }) => outcome === "completed")).toBe(true);
    expect(router.leases).toBe(0);
  });

  test("a replica whose report of its load is wrong changes nothing but where requests go", async () => {
    const lies = [
      "",
      "vllm:num_requests_running NaN\n",
      "vllm:num_requests_running -5\n",
      "\0\n{{{",
      "vllm:num_requests_running 1e300\n",
    ];
    let told = 0;
    const replica = simulatedReplica({ speed: 10_000 });
    const liar = await serve((request) => {
      if (!request.url.endsWith("/metrics")) return replica.fetch(request);
      const lie = lies[told++ % lies.length]!;
      return new Response(lie, { status: told % 7 === 0 ? 500 : 200 });
    });
    const time = manualTime();
    const { url, router, ended } = await startGateway(
      [liar, await serve(simulated())],
      { ...time.options, load: { intervalMs: 1000 } },
      { ...time.options, policy },
    );
    for (let i = 1; i <= 10; i++) {
      const before = told;
      while (told === before) {
        time.advance(1000);
        await turns(5);
      }
      expect((await (await post(`${url}/v1/chat/completions`, chat(i))).text()).endsWith("data: [DONE]\n\n")).toBe(
        true,
      );
    }
    expect((await ended(10)).every(({ outcome }) => outcome === "completed")).toBe(true);
    expect(router.leases).toBe(0);
  });
});

/** The counters say what the records do. */
async function expectCounted(url: string, records: readonly RequestRecord[]): Promise<void> {
  const counts = new Map<string, number>();
  for (const { replica, outcome } of records) {
    const series = `warmroute_requests_total{replica="${replica ?? ""}",outcome="${outcome}"}`;
    counts.set(series, (counts.get(series) ?? 0) + 1);
  }
  for (const [series, count] of counts) expect(await metric(url, series)).toBe(count);
  expect(await metric(url, "warmroute_requests_in_flight")).toBe(0);
}
