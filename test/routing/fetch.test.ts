import OpenAI from "openai";
import { describe, expect, test, vi } from "vitest";
import { createFetch, NoReplicaError, QueueTimeoutError, Router, type RouterOptions } from "../../src/index.js";
import { simulatedReplica } from "../../src/simulator/index.js";
import { deadAddress, serve } from "../gateway/support.js";
import { collectGarbage, named, settled } from "./support.js";

/** A router whose policy prefers the replicas in their order, and what it heard. */
function routerOver(
  urls: readonly string[],
  options: Partial<RouterOptions> = {},
): { router: Router; events: string[] } {
  const events: string[] = [];
  const replicas = urls.map((url, i) => ({ id: String.fromCharCode(97 + i), url }));
  const router = new Router({ policy: named(events), replicas, clock: () => 0, ...options });
  events.length = 0;
  return { router, events };
}

const post = (body: unknown, init: RequestInit = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
  ...init,
});

const URL_ = "http://warmroute/v1/completions?x=1";

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await settled();
}

describe("createFetch", () => {
  test("sends what it was given, to the path on the chosen replica", async () => {
    const seen: { url: string; headers: Record<string, string>; body: string }[] = [];
    const url = await serve(async (request) => {
      const { pathname, search } = new URL(request.url);
      seen.push({ url: pathname + search, headers: Object.fromEntries(request.headers), body: await request.text() });
      return Response.json({ ok: true });
    });
    const { router, events } = routerOver([`${url}/base/`]);
    const send = createFetch(router);
    const body = { prompt: "Hi", model: "m" };
    const headers = { "content-type": "application/json", authorization: "Bearer x" };
    const inputs: [string | URL | Request, RequestInit?][] = [
      [URL_, post(body, { headers })],
      [new URL(URL_), post(body, { headers })],
      [new Request(URL_, post(body, { headers }))],
      ["/v1/completions?x=1", post(body, { headers, body: new TextEncoder().encode(JSON.stringify(body)) })],
    ];
    for (const [input, init] of inputs) {
      const answer = await send(input, init);
      expect(await answer.json()).toEqual({ ok: true });
      expect(answer.url).toBe(`${url}/base/v1/completions?x=1`);
    }
    for (const each of seen) {
      expect(each).toMatchObject({ url: "/base/v1/completions?x=1", headers, body: JSON.stringify(body) });
    }
    expect(events.filter((event) => event.startsWith("routed"))).toEqual(inputs.map(() => "routed a Hi"));
    expect(router.leases).toBe(0);
  });

  test("passes a stream as it comes, and reports first token and usage", async () => {
    let push = (_text: string): void => {};
    let close = (): void => {};
    const url = await serve(() => {
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          push = (text) => controller.enqueue(new TextEncoder().encode(text));
          close = () => controller.close();
        },
      });
      return new Response(stream, { headers: { "content-type": "text/event-stream" } });
    });
    const { router, events } = routerOver([url]);
    const asked = createFetch(router)(URL_, post({ prompt: "x", stream: true }));
    await until(() => router.leases === 1);
    const pushing = setInterval(() => push("data: 1\n\n"), 5);
    const answer = await asked;
    clearInterval(pushing);
    expect(events.slice(0, 3)).toEqual(["routed a x", "accepted a x", "first token a 0"]);
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toMatch(/^data: 1\n\n/);
    expect(router.leases).toBe(1);
    push('data: {"usage":{"prompt_tokens":4,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":3}}}\n\n');
    close();
    while (!(await reader.read()).done);
    expect(events.at(-1)).toBe(
      'released a {"timeS":0,"ttftMs":0,"cachedTokens":3,"promptTokens":4,"completionTokens":2}',
    );
    expect(router.leases).toBe(0);
  });

  test.each([503, 429])("a replica that answers %i is left for another one", async (status) => {
    const full = await serve(() => new Response("full", { status }));
    const free = await serve(() => new Response("done"));
    const { router, events } = routerOver([full, free]);
    expect(await (await createFetch(router)(URL_, post({ prompt: "x" }))).text()).toBe("done");
    expect(events).toContain("rejected a x");
    expect(events.at(-1)).toMatch(/^released b /);
  });

  test("when all are full, the last one's answer is the answer", async () => {
    const urls = await Promise.all([1, 2, 3, 4].map((i) => serve(() => new Response(`${i}`, { status: 503 }))));
    const { router } = routerOver(urls);
    const answer = await createFetch(router, { maxTries: 3 })(URL_, post({ prompt: "x" }));
    expect([answer.status, await answer.text(), router.leases]).toEqual([503, "3", 0]);
    const two = await createFetch(routerOver(urls.slice(0, 2)).router)(URL_, post({ prompt: "x" }));
    expect([two.status, await two.text()]).toEqual([503, "2"]);
  });

  test("one that cannot be reached is left for another one; with none left its error is the error", async () => {
    const [dead, free] = [deadAddress(), await serve(() => new Response("done"))];
    const { router } = routerOver([dead, free]);
    expect(await (await createFetch(router)(URL_, post({ prompt: "x" }))).text()).toBe("done");
    await expect(createFetch(routerOver([dead]).router)(URL_, post({ prompt: "x" }))).rejects.toThrow("fetch failed");
    expect(router.leases).toBe(0);
  });

  test("one that breaks off before its first byte is left for another one; after that the break is passed on", async () => {
    const breaks = (first: string | null): Response => {
      let pulls = 0;
      const stream = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (first !== null && pulls++ === 0) controller.enqueue(new TextEncoder().encode(first));
          else controller.error(new Error("broke"));
        },
      });
      return new Response(stream, { headers: { "content-type": "text/event-stream" } });
    };
    const answers = new Map([
      ["http://a/v1/x", () => breaks(null)],
      ["http://b/v1/x", () => breaks("data: 1\n\n")],
    ]);
    const { router, events } = routerOver(["http://a", "http://b"]);
    const send = createFetch(router, { fetch: async (input) => answers.get(String(input))!() });
    const answer = await send("http://warmroute/v1/x", post({ prompt: "x" }));
    expect(events).toContain("rejected a x");
    await expect(answer.text()).rejects.toThrow("broke");
    expect(events.at(-1)).toBe('released b {"timeS":0,"ttftMs":0} broke');
    expect(router.leases).toBe(0);
  });

  test("an error that is no refusal is the answer, and its text is taken back", async () => {
    const bad = await serve(() => new Response("bad", { status: 400 }));
    const { router, events } = routerOver([bad, bad]);
    const answer = await createFetch(router)(URL_, post({ prompt: "x" }));
    expect([answer.status, await answer.text()]).toEqual([400, "bad"]);
    expect(events).toEqual(["routed a x", "rejected a x", 'released a {"timeS":0}']);
  });

  test("an abort ends the wait, the request and the lease", async () => {
    const url = await serve(() => new Promise<Response>(() => {}));
    const { router } = routerOver([], { replicas: [{ id: "a", url, maxOngoingRequests: 1 }] });
    const send = createFetch(router);
    const controllers = [new AbortController(), new AbortController()];
    const [sent, waiting] = controllers.map(({ signal }) => send(URL_, post({ prompt: "x" }, { signal })));
    await until(() => router.waiting === 1);
    controllers[1]!.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    controllers[0]!.abort(new Error("gone"));
    await expect(sent).rejects.toThrow("gone");
    expect([router.leases, router.waiting]).toEqual([0, 0]);
  });

  test("the signal of a Request counts as long as its answer, though nobody else holds the Request", async () => {
    const { router } = routerOver(["http://a"]);
    const endless = () =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(1)),
        }),
      );
    const controller = new AbortController();
    const answer = await createFetch(router, { fetch: async () => endless() })(
      new Request(URL_, post({ prompt: "x" }, { signal: controller.signal })),
    );
    for (let i = 0; i < 3; i++) {
      collectGarbage();
      await settled();
    }
    controller.abort(new Error("enough"));
    expect(router.leases).toBe(0);
    await answer.body!.cancel();
  });

  test("a reader that leaves ends the lease", async () => {
    const url = await serve(() => new Response("a long answer"));
    const { router, events } = routerOver([url]);
    const answer = await createFetch(router)(URL_, post({ prompt: "x" }));
    expect(router.leases).toBe(1);
    await answer.body!.cancel();
    expect(router.leases).toBe(0);
    expect(events.at(-1)).toBe('released a {"timeS":0} the reader of the answer left');
  });

  test("waits for a place, for so long", async () => {
    const url = await serve(() => new Response("done"));
    const { router } = routerOver([], { replicas: [{ id: "a", url, maxOngoingRequests: 1 }] });
    const held = router.route({ text: "" });
    await expect(createFetch(router, { timeoutMs: 5 })(URL_, post({}))).rejects.toThrow(QueueTimeoutError);
    const waiting = createFetch(router)(URL_, post({}));
    await until(() => router.waiting === 1);
    held.release();
    expect(await (await waiting).text()).toBe("done");
  });

  test("what is no JSON is sent as it is, and chosen for by load", async () => {
    const bodies: string[] = [];
    const url = await serve(async (request) => {
      bodies.push(await request.text());
      return new Response(null, { status: 204 });
    });
    const { router, events } = routerOver([url]);
    const send = createFetch(router);
    const streamed = new Response("streamed").body!;
    for (const init of [
      { method: "POST", body: "{no JSON" },
      { method: "POST", body: new Blob(["blob"]) },
      { method: "POST", body: streamed, duplex: "half" } as RequestInit,
      { method: "GET" },
    ]) {
      expect((await send(URL_, init)).status).toBe(204);
    }
    expect(bodies).toEqual(["{no JSON", "blob", "streamed", ""]);
    expect(events.filter((event) => event.startsWith("routed"))).toEqual(Array(4).fill("routed a "));
    expect(router.leases).toBe(0);
  });

  test("tells the router the session, or whatever else it is asked to", async () => {
    const url = await serve(() => new Response("done"));
    const sessions: (string | null)[] = [];
    const policy = {
      ...named(),
      onRouted: ({ key }: { key: { session: string | null } }) => void sessions.push(key.session),
    };
    const { router } = routerOver([url], { policy });
    await createFetch(router)(URL_, post({}, { headers: { "x-session-id": "s1" } }));
    await createFetch(router)(URL_, post({}));
    const routeOptions = (headers: Headers) => ({ session: headers.get("x-thread")! });
    await createFetch(router, { routeOptions })(URL_, post({}, { headers: { "x-thread": "s2" } }));
    expect(sessions).toEqual(["s1", null, "s2"]);
  });

  test.each(["string", "blob", "typed blob", "bytes", "buffer", "iterable", "Request"])(
    "reads a JSON body given as %s, with a byte order mark or without",
    async (kind) => {
      const types: (string | null)[] = [];
      const { router, events } = routerOver(["http://a"]);
      const send = createFetch(router, {
        fetch: async (input, init) => {
          const request = new Request(input, init);
          types.push(request.headers.get("content-type"), await request.text());
          return new Response(null, { status: 204 });
        },
      });
      for (const mark of ["", "\ufeff"]) {
        const text = `${mark}{"prompt":"Hi"}`;
        const bytes = new TextEncoder().encode(text);
        const bodies: Record<string, unknown> = {
          string: text,
          blob: new Blob([text]),
          "typed blob": new Blob([text], { type: "application/json" }),
          bytes,
          buffer: bytes.buffer,
          iterable: (async function* () {
            yield bytes.slice(0, 5);
            yield bytes.slice(5);
          })(),
          Request: text,
        };
        const init = { method: "POST", body: bodies[kind] as BodyInit };
        await (kind === "Request" ? send(new Request(URL_, init)) : send(URL_, init));
      }
      expect(events.filter((event) => event.startsWith("routed"))).toEqual(["routed a Hi", "routed a Hi"]);
      // A body that is read for its key keeps its type.
      if (kind === "typed blob") expect(types[0]).toBe("application/json");
      expect(types[1]).toBe('{"prompt":"Hi"}');
    },
  );

  test("does not read a Blob that says that it is no JSON", async () => {
    const { router, events } = routerOver(["http://a"]);
    const body = new Blob(['{"prompt":"Hi"}'], { type: "audio/wav" });
    await createFetch(router, { fetch: async () => new Response() })(URL_, { method: "POST", body });
    expect(events[0]).toBe("routed a ");
  });

  test("keeps whatever a Request says, and what is said beside it counts more", async () => {
    const said = {
      cache: "no-store",
      credentials: "omit",
      integrity: "sha256-abc",
      keepalive: true,
      mode: "same-origin",
      redirect: "error",
      referrer: "",
      referrerPolicy: "no-referrer",
    } as const;
    const sent: RequestInit[] = [];
    const { router } = routerOver(["http://a"]);
    const send = createFetch(router, {
      fetch: async (_input, init) => {
        sent.push(init!);
        return new Response();
      },
    });
    const controller = new AbortController();
    const request = () => new Request(URL_, post({ prompt: "x" }, { ...said, signal: controller.signal }));
    await send(request());
    expect(sent[0]).toMatchObject(said);
    await send(request(), { redirect: "manual", cache: undefined as never });
    expect(sent[1]).toMatchObject({ ...said, redirect: "manual" });
    // No signal, though the Request has one that has aborted.
    controller.abort();
    await send(request(), { signal: null });
    expect(sent[2]!.signal).toBeUndefined();
    await send(URL_, null as never);
    expect(sent[3]).toMatchObject({ method: "GET", body: null });
  });

  test.each(["onAccepted", "onFirstToken", "onReleased", "onRejected"])(
    "what the policy's %s throws reaches the caller, once, and the place is free",
    async (call) => {
      const policy = {
        ...named(),
        [call]: () => {
          throw new Error("the policy fails");
        },
      };
      for (const body of ["data: x\n\n", null]) {
        const { router } = routerOver(["http://a", "http://b"], { policy });
        let sends = 0;
        const send = createFetch(router, {
          fetch: async () => {
            sends++;
            const headers = { "content-type": "text/event-stream" };
            return new Response(body, { status: call === "onRejected" ? 503 : 200, headers });
          },
        });
        const failing = send(URL_, post({ prompt: "x" })).then((answer) => answer.text());
        // Without a body there is no first token.
        if (call === "onFirstToken" && body === null) expect(await failing).toBe("");
        else await expect(failing).rejects.toThrow("the policy fails");
        expect([sends, router.leases]).toEqual([1, 0]);
      }
    },
  );

  test("what fails while the answer passes frees the place, and lets the source go", async () => {
    let fails = false;
    let cancelled: unknown = null;
    const { router } = routerOver(["http://a"], {
      leaseIdleSecs: 5,
      clock: () => {
        if (fails) throw new Error("the clock fails");
        return 0;
      },
    });
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1)),
      cancel: (reason) => {
        cancelled = reason;
      },
    });
    const answer = await createFetch(router, { fetch: async () => new Response(endless) })(URL_, post({}));
    fails = true;
    const told = vi.spyOn(console, "error").mockImplementation(() => {});
    await expect(answer.text()).rejects.toThrow("the clock fails");
    told.mockRestore();
    expect([router.leases, (cancelled as Error).message]).toEqual([0, "the clock fails"]);
  });

  test.each<[unknown, string]>([
    [null, "options must be an object, not null"],
    [{ maxTry: 3 }, 'unknown option "maxTry"; there are fetch, maxTries, timeoutMs, routeOptions'],
    [{ fetch: null }, "fetch must be a function, not null"],
    [{ routeOptions: 5 }, "routeOptions must be a function, not 5"],
    [{ timeoutMs: Number.NaN }, "timeoutMs must be 0 or more, not NaN"],
  ])("refuses the options %j", (options, message) => {
    expect(() => createFetch(routerOver([]).router, options as never)).toThrow(message);
  });

  test("refuses bad options, a replica without url, and a router that has none to choose", async () => {
    const { router } = routerOver([]);
    expect(() => createFetch({} as Router)).toThrow("router must be a Router");
    expect(() => createFetch(router, { maxTries: 0 })).toThrow("maxTries must be a whole number, 1 or more, not 0");
    router.updateReplicas([{ id: "a" }]);
    await expect(createFetch(router)(URL_)).rejects.toThrow('replica "a" needs a url to be reached at');
    expect(router.leases).toBe(0);
    router.updateReplicas([{ id: "a", url: "http://a", model: "m" }]);
    await expect(createFetch(router)(URL_, post({ model: "n" }))).rejects.toThrow(NoReplicaError);
  });
});

describe("createFetch under OpenAI's client", () => {
  test("conversations stay with the replica that has their cache, streamed or not", async () => {
    const replicas = ["a", "b", "c"].map((id) => ({ id, replica: simulatedReplica({ speed: 1000 }) }));
    const router = new Router({
      policy: "prefix_aware",
      imbalancedThreshold: 10,
      replicas: replicas.map(({ id }) => ({ id, url: `http://${id}` })),
    });
    const fetches: typeof fetch = (input, init) => {
      const request = new Request(input, init);
      return replicas.find(({ id }) => id === new URL(request.url).hostname)!.replica.fetch(request);
    };
    const client = new OpenAI({
      baseURL: "http://warmroute/v1",
      apiKey: "none",
      fetch: createFetch(router, { fetch: fetches }),
    });
    const model = replicas[0]!.replica.model;
    let cached = 0;
    let prompt = 0;
    for (let conversation = 0; conversation < 6; conversation++) {
      const messages: OpenAI.ChatCompletionMessageParam[] = [];
      for (let turn = 0; turn < 4; turn++) {
        messages.push({ role: "user", content: `${conversation}/${turn} ${`word${conversation} `.repeat(60)}` });
        const stream = await client.chat.completions.create({
          model,
          messages,
          max_tokens: 5,
          stream: true,
          stream_options: { include_usage: true },
        });
        let text = "";
        for await (const chunk of stream) {
          text += chunk.choices[0]?.delta.content ?? "";
          cached += chunk.usage?.prompt_tokens_details?.cached_tokens ?? 0;
          prompt += chunk.usage?.prompt_tokens ?? 0;
        }
        messages.push({ role: "assistant", content: text });
      }
    }
    // Of four turns, each as long as the one before and one more, (0 + 1 + 2 + 3) / (1 + 2 + 3 + 4) can be cached.
    expect(cached / prompt).toBeGreaterThan(0.5);
    expect(router.leases).toBe(0);
    const { data } = await client.models.list();
    expect(data[0]!.id).toBe(model);
    for (const { replica } of replicas) replica.close();
    router[Symbol.dispose]();
  });
});
