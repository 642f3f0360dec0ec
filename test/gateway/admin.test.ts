import { describe, expect, test, vi } from "vitest";
import type { GatewayOptions } from "../../src/gateway/index.js";
import { POLICIES, type Policy, type PolicyName } from "../../src/routing/index.js";
import { manualTime, post, resolvers, serve, sha256, startGateway, until } from "./support.js";

const fine = () => new Response("{}");
const PROMPT = { prompt: "Why is the sky blue? ".repeat(20) };

async function withAdmin(
  replicas: readonly string[],
  options: Partial<GatewayOptions> = {},
  routing: Parameters<typeof startGateway>[2] = {},
) {
  const running = await startGateway(replicas, { adminTokenSha256: await sha256("token"), ...options }, routing);
  const admin = async (method: string, path: string, body?: unknown) => {
    const sent = body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body);
    const response = await fetch(`${running.url}/admin${path}`, {
      method,
      headers: { authorization: "Bearer token" },
      ...(sent !== undefined && { body: sent as BodyInit }),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const json = response.headers.get("content-type") === "application/json";
    // biome-ignore lint/suspicious/noExplicitAny: whatever the page gives.
    return { status: response.status, bytes, json: (json ? JSON.parse(new TextDecoder().decode(bytes)) : null) as any };
  };
  return { ...running, admin };
}

describe("/admin", () => {
  test("is not there without a token in the options", async () => {
    const { url } = await startGateway([await serve(fine)]);
    expect((await fetch(`${url}/admin/stats`, { headers: { authorization: "Bearer token" } })).status).toBe(404);
  });

  test("wants the token, not a client's key", async () => {
    const keys = [{ name: "me", sha256: await sha256("key"), trusted: true }];
    const { url } = await withAdmin([await serve(fine)], { keys });
    for (const authorization of ["", "Bearer key", "Bearer wrong", "token"]) {
      const response = await fetch(`${url}/admin/stats`, { headers: { authorization } });
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ error: { code: "invalid_admin_token" } });
    }
  });

  test("/stats tells what is under way and what was done", async () => {
    const { url, admin, ended } = await withAdmin([await serve(fine)]);
    for (let i = 0; i < 2; i++) await post(`${url}/v1/completions`, PROMPT);
    await post(`${url}/v1/completions`, "{");
    await ended(3);
    const { json } = await admin("GET", "/stats");
    const chars = PROMPT.prompt.length;
    expect(json).toMatchObject({ open: 0, draining: false, requests: { completed: 2, bad_request: 1 } });
    expect(json.models).toMatchObject([
      {
        model: null,
        policy: "prefix_aware",
        queued: 0,
        requests: { completed: 2, bad_request: 1 },
        ttftMs: null,
        decisions: { decisions: 2, matchRate: 0.5, textChars: 2 * chars, hitAvailable: chars, hitChosen: chars },
        tree: { chars, nodes: 2 },
        replicas: [
          {
            id: "a",
            state: "healthy",
            breaker: "closed",
            queueLength: 0,
            requests: 2,
            treeChars: chars,
            running: null,
          },
        ],
      },
    ]);
  });

  test("/replicas adds, drains and removes; what is under way goes on", async () => {
    const answer = resolvers();
    const slow = await serve(() => answer.promise.then(() => new Response("from a")));
    const { url, admin, router, ended } = await withAdmin([slow]);
    const first = post(`${url}/v1/completions`, PROMPT);
    await until(() => router.leases === 1);

    expect((await admin("POST", "/replicas/a/drain")).json.replicas).toMatchObject([{ id: "a", state: "draining" }]);
    expect((await post(`${url}/v1/completions`, PROMPT)).status).toBe(503);
    const added = await admin("POST", "/replicas", { id: "b", url: await serve(() => new Response("from b")) });
    expect([added.status, added.json.replicas.map(({ id }: { id: string }) => id)]).toEqual([201, ["a", "b"]]);
    expect(await (await post(`${url}/v1/completions`, PROMPT)).text()).toBe("from b");
    expect((await admin("POST", "/replicas/a/undrain")).json.replicas[0].state).toBe("healthy");
    expect((await admin("DELETE", "/replicas/a")).json.replicas).toHaveLength(1);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).not.toContain('replica="a"');
    answer.resolve();
    expect(await (await first).text()).toBe("from a");
    await ended(3);
    expect(router.leases).toBe(0);
  });

  test.each([
    ["one that is there", { id: "a", url: "http://x" }, 409, "replica_exists"],
    ["one without an address", { id: "b" }, 400, "invalid_replica"],
    ["one with a password in it", { id: "b", url: "http://me:hush@host" }, 400, "invalid_replica"],
    ["one with an option that is none", { id: "b", url: "http://x", weight: 1 }, 400, "invalid_replica"],
  ])("/replicas refuses %s", async (_, body, status, code) => {
    const { admin, router } = await withAdmin([await serve(fine)]);
    const answer = await admin("POST", "/replicas", body);
    expect([answer.status, answer.json.error.code]).toEqual([status, code]);
    expect(JSON.stringify(answer.json)).not.toContain("hush");
    expect(router.replicas).toHaveLength(1);
    for (const [method, path] of [
      ["DELETE", "/replicas/z"],
      ["POST", "/replicas/z/drain"],
    ] as const) {
      expect((await admin(method, path)).status).toBe(404);
    }
  });

  test("/decisions explains the last ones, without a word of the prompts", async () => {
    const { url, admin } = await withAdmin([await serve(fine), await serve(fine)]);
    for (let i = 0; i < 3; i++) await post(`${url}/v1/completions`, PROMPT);
    const { json } = await admin("GET", "/decisions?limit=2");
    expect(json.decisions.map(({ number }: { number: number }) => number)).toEqual([3, 2]);
    expect(json.decisions[0]).toMatchObject({
      reason: "prefix_match",
      matchRate: 1,
      attempt: 1,
      path: "/v1/completions",
    });
    expect(json.decisions[0].candidates).toHaveLength(2);
    expect(json.decisions[0].explanation).toMatch(/^prefix_aware chose [ab]: prefix_match/);
    expect(JSON.stringify(json)).not.toContain("sky");
    expect((await admin("GET", "/decisions?limit=0")).status).toBe(400);
  });

  test("/stats tells the times to first token of streams, of the last 10 seconds", async () => {
    const { options, advance } = manualTime();
    const stream = () => new Response("data: [DONE]\n\n", { headers: { "content-type": "text/event-stream" } });
    const { url, admin, ended } = await withAdmin([await serve(stream)], options);
    for (let i = 0; i < 3; i++) await (await post(`${url}/v1/completions`, PROMPT)).text();
    await ended(3);
    advance(10_000);
    expect((await admin("GET", "/stats")).json.models[0].ttftMs).toEqual({ count: 3, p50: 0, p95: 0 });
    advance(1);
    expect((await admin("GET", "/stats")).json.models[0].ttftMs).toBe(null);
  });

  test("/explain says what would happen, and leaves nothing behind", async () => {
    let seen = 0;
    const replica = await serve(() => {
      seen++;
      return fine();
    });
    const { url, admin, router } = await withAdmin([replica, replica]);
    await post(`${url}/v1/completions`, PROMPT);
    const before = router.tree!.stats();
    const { json } = await admin("POST", "/explain", { prompt: `${PROMPT.prompt}And why?` });
    expect(json).toMatchObject({
      wouldWait: false,
      decision: { reason: "prefix_match", hitChosen: PROMPT.prompt.length },
    });
    await admin("POST", "/explain", { messages: [{ role: "user", content: "Something else" }] });
    expect([seen, router.leases]).toEqual([1, 0]);
    expect(router.tree!.stats().chars).toBe(before.chars);
    expect((await admin("POST", "/explain", { prompt: [1, 2, 3] })).json.decision.textChars).toBe(3);
    await admin("POST", "/replicas/a/drain");
    await admin("POST", "/replicas/b/drain");
    expect((await admin("POST", "/explain", PROMPT)).json).toMatchObject({ wouldWait: false, decision: null });
  });

  test("/explain is a dry run: asked twice it says the same, and the next decision is the one that it told", async () => {
    const replica = await serve(fine);
    for (const policy of Object.keys(POLICIES) as PolicyName[]) {
      const { url, admin, router } = await withAdmin([replica, replica, replica], {}, { policy });
      for (let i = 0; i < 4; i++) {
        const body = { prompt: `${"Once upon a time. ".repeat(i)}The end.` };
        const bytes = router.tree?.snapshot();
        const { json } = await admin("POST", "/explain", body);
        expect((await admin("POST", "/explain", body)).json).toEqual(json);
        if (policy !== "kv_cost") expect(router.tree?.snapshot()).toEqual(bytes);
        await post(`${url}/v1/completions`, body);
        const [next] = (await admin("GET", "/decisions?limit=1")).json.decisions;
        const { replica: to, reason, matchRate, candidates } = next;
        expect(json.decision, policy).toMatchObject({ replica: to, reason, matchRate, candidates });
      }
    }
  });

  test("/explain of a request with a key: what keys with a namespace have sent is only theirs", async () => {
    const keys = [
      { name: "apart", sha256: await sha256("one"), namespace: true },
      { name: "open", sha256: await sha256("two") },
    ];
    const { url, admin } = await withAdmin([await serve(fine)], { keys });
    await post(`${url}/v1/completions`, PROMPT, { headers: { authorization: "Bearer one" } });
    const hit = async (query: string) => (await admin("POST", `/explain${query}`, PROMPT)).json.decision.hitChosen;
    expect([await hit("?key=apart"), await hit("?key=open"), await hit("")]).toEqual([PROMPT.prompt.length, 0, 0]);
    expect((await admin("POST", "/explain?key=nobody", PROMPT)).json.error.code).toBe("unknown_key");
  });

  test("/explain says of a request that would wait for which replica", async () => {
    const silent = await serve(() => new Promise<Response>(() => {}));
    const { url, admin, router } = await withAdmin([silent, silent], {}, { maxOngoingRequests: 1 });
    const client = new AbortController();
    const open = post(`${url}/v1/completions`, PROMPT, { signal: client.signal }).catch(() => {});
    await until(() => router.leases === 1);
    const { id } = router.replicas.find(({ queueLength }) => queueLength === 1)!;
    const { json } = await admin("POST", "/explain", PROMPT);
    expect(json).toMatchObject({
      wouldWait: true,
      waitsFor: id,
      decision: null,
      reason: `there is no room on ${id}`,
    });
    expect(router.waiting).toBe(0);
    client.abort();
    await open;
  });

  test("/explain of a policy of one's own without preview says that it cannot tell", async () => {
    const policy: Policy = {
      name: "own",
      tree: null,
      choose: ({ candidates }) => ({ replica: candidates[0]!, reason: "custom", matchedChars: 0 }),
    };
    const { admin } = await withAdmin([await serve(fine)], {}, { policy });
    const { status, json } = await admin("POST", "/explain", PROMPT);
    expect([status, json.error.code]).toEqual([422, "cannot_explain"]);
    expect(json.error.message).toContain("the policy own has no preview");
  });

  test("/tree shows the tree, its texts only where that is allowed", async () => {
    const open = await withAdmin([await serve(fine)], { adminTreeText: true });
    for (const end of ["one", "two"]) await post(`${open.url}/v1/completions`, { prompt: PROMPT.prompt + end });
    const { json } = await open.admin("GET", "/tree?text=true");
    const shared = json.root.children[0];
    expect(shared).toMatchObject({ chars: PROMPT.prompt.length, owners: [{ replica: "a" }], hidden: 0 });
    expect(shared.children.map(({ text }: { text: string }) => text).sort()).toEqual(["one", "two"]);
    expect((await open.admin("GET", "/tree?depth=0")).json.root).toMatchObject({ children: [], hidden: 1 });
    expect((await open.admin("GET", "/tree?namespace=none")).json.root).toBe(null);

    const [end] = shared.children;
    const inner = (await open.admin("GET", `/tree?at=${end.path}`)).json;
    expect(inner.root).toMatchObject({ path: end.path, chars: 3, children: [], hidden: 0 });
    expect(inner.ancestors).toMatchObject([
      { path: "", chars: 0, totalChars: PROMPT.prompt.length + 6 },
      { path: shared.path, chars: PROMPT.prompt.length },
    ]);
    // What is no longer there: as much of the way as there is.
    expect((await open.admin("GET", `/tree?at=${end.path}.9`)).json.root.path).toBe(end.path);
    expect((await open.admin("GET", "/tree?at=none")).json.root.path).toBe("");

    const closed = await withAdmin([await serve(fine)]);
    await post(`${closed.url}/v1/completions`, PROMPT);
    expect(JSON.stringify((await closed.admin("GET", "/tree")).json)).not.toContain("sky");
    expect((await closed.admin("GET", "/tree?text=true")).json.error.code).toBe("text_not_allowed");
  });

  test("/tree shows the largest 2,000 nodes of a tree with more", async () => {
    const { admin, router } = await withAdmin([await serve(fine)]);
    for (let i = 0; i < 2500; i++) router.tree!.insert(`${String.fromCharCode(0x4e00 + i)}${"x".repeat(i)}`, "a");
    const { root, shownNodes } = (await admin("GET", "/tree")).json;
    expect(shownNodes).toBe(2000);
    expect(root.hidden).toBe(501);
    expect(root.children.map(({ chars }: { chars: number }) => chars)).toEqual(
      Array.from({ length: 1999 }, (_, i) => 2500 - i),
    );
  });

  test("/snapshot warms a gateway from its sibling, for the replicas that both have", async () => {
    const replicas = [await serve(fine), await serve(fine)];
    const [warm, cold] = [await withAdmin(replicas), await withAdmin([replicas[0]!])];
    for (const word of ["one", "two", "three"]) await post(`${warm.url}/v1/completions`, { prompt: word.repeat(50) });
    const { bytes } = await warm.admin("GET", "/snapshot");
    const merged = await cold.admin("PUT", "/snapshot", bytes);
    expect(merged.json).toMatchObject({ merged: true, leftOut: ["b"] });
    expect(cold.router.tree!.tenantToCharCount.get("a")).toBe(warm.router.tree!.tenantToCharCount.get("a"));
    expect((await cold.admin("PUT", "/snapshot", new Uint8Array(9))).json.error.code).toBe("invalid_snapshot");
  });
});

test("options can be changed while requests go on; bad ones change nothing", async () => {
  const { url, gateway } = await startGateway([await serve(fine)]);
  expect(() => gateway.setOptions({ maxBodyBytes: -1 })).toThrow(RangeError);
  expect((await post(`${url}/v1/completions`, PROMPT)).status).toBe(200);
  gateway.setOptions({ maxBodyBytes: 10 });
  expect((await post(`${url}/v1/completions`, PROMPT)).status).toBe(413);
  gateway.setOptions({ keys: [{ name: "me", sha256: await sha256("key") }] });
  expect((await post(`${url}/v1/completions`, PROMPT)).status).toBe(401);
  gateway.close();
});

test("a replica that its owner gives a bad address is sent nothing, and that is said once", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  const { url, router } = await startGateway([await serve(fine)]);
  router.updateReplicas([...router.replicas.map(({ id, url }) => ({ id, url: url! })), { id: "lost" }]);
  for (let i = 0; i < 5; i++) expect((await post(`${url}/v1/completions`, { prompt: `${i}` })).status).toBe(200);
  expect(log).toHaveBeenCalledTimes(1);
  log.mockRestore();
});
