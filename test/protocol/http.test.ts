import { describe, expect, test } from "vitest";
import { HeaderList, relay, Stop, streamOf, webRequest, webResponse, webSignal } from "../../src/protocol/index.js";

/** A body that has these pieces, and then ends or fails. */
function bodyOf(pieces: readonly string[], error?: Error) {
  const left = pieces.map((piece) => new TextEncoder().encode(piece));
  const cancelled: unknown[] = [];
  const source = {
    async read(): Promise<ReadableStreamReadResult<Uint8Array>> {
      const value = left.shift();
      if (value !== undefined) return { done: false, value };
      if (error !== undefined) throw error;
      return { done: true, value: undefined };
    },
    async cancel(reason?: unknown) {
      cancelled.push(reason);
    },
  };
  return { source, cancelled, body: { getReader: () => source } };
}

describe("Stop", () => {
  test("tells each listener once, and keeps its first reason", () => {
    const stop = new Stop();
    const heard: string[] = [];
    const gone = () => heard.push("gone");
    stop.addEventListener("abort", () => heard.push("first"));
    stop.addEventListener("abort", gone);
    stop.removeEventListener("abort", gone);
    stop.abort("why");
    stop.abort("again");
    stop.addEventListener("abort", () => heard.push("late"));
    expect([stop.aborted, stop.reason, heard]).toEqual([true, "why", ["first"]]);
  });

  test("is followed by an AbortSignal, also when it has aborted before", () => {
    const stop = new Stop();
    const before = webSignal(stop);
    stop.abort(new Error("left"));
    expect([before.aborted, before.reason, webSignal(stop).aborted]).toEqual([true, new Error("left"), true]);
    const { signal } = new AbortController();
    expect(webSignal(signal)).toBe(signal);
  });
});

test("HeaderList finds, replaces and removes by name, and keeps the order", () => {
  const headers = new HeaderList([
    ["b", "1"],
    ["a", "2"],
  ]);
  headers.set("c", "3");
  headers.set("b", "4");
  headers.delete("a");
  headers.delete("none");
  expect([[...headers], headers.get("b"), headers.get("a")]).toEqual([
    [
      ["b", "4"],
      ["c", "3"],
    ],
    "4",
    null,
  ]);
});

describe("the web's objects", () => {
  test("of a request: method, address, headers, body and signal", async () => {
    const signal = new Stop();
    const headers = new HeaderList([["x-a", "1"]]);
    const { body } = bodyOf(["he", "llo"]);
    const request = webRequest({ method: "POST", url: "http://h/p?q", headers, signal, body });
    expect([request.method, request.url, request.headers.get("x-a")]).toEqual(["POST", "http://h/p?q", "1"]);
    expect(await request.text()).toBe("hello");
    signal.abort(new Error("left"));
    expect(request.signal.aborted).toBe(true);
    expect(webRequest(request)).toBe(request);
  });

  test("of an answer, whose reader's leaving reaches the source", async () => {
    const { body, cancelled } = bodyOf(["a", "b"]);
    const headers = new HeaderList([
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ]);
    const response = webResponse({ status: 201, statusText: "Made", headers, body });
    expect([response.status, response.statusText, response.headers.getSetCookie()]).toEqual([
      201,
      "Made",
      ["a=1", "b=2"],
    ]);
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel("enough");
    expect(cancelled).toEqual(["enough"]);
    expect(webResponse(response)).toBe(response);
  });
});

describe("relay", () => {
  const relayed = (of: ReturnType<typeof bodyOf>, last: Uint8Array | null) => {
    const events: string[] = [];
    const source = relay(of.source, {
      onPiece: (piece) => events.push(`piece ${piece.byteLength}`),
      onEnd: () => events.push("end"),
      onBreak: (error) => {
        events.push(`break ${(error as Error).message}`);
        return last;
      },
      onCancel: () => events.push("cancel"),
    });
    return { source, events };
  };

  test("passes pieces and the end on, and tells of them", async () => {
    const { source, events } = relayed(bodyOf(["ab", "", "c"]), null);
    expect(await new Response(streamOf(source)).text()).toBe("abc");
    await source.cancel();
    expect(events).toEqual(["piece 2", "piece 1", "end"]);
  });

  test("ends with the last piece of a source that says so, and does not ask it again", async () => {
    const of = bodyOf(["ab", "c"], new Error("asked again"));
    let pieces = 2;
    const source = {
      get ended() {
        return pieces === 0;
      },
      read: () => {
        pieces--;
        return of.source.read();
      },
      cancel: of.source.cancel,
    };
    const { source: passed, events } = relayed({ ...of, source }, null);
    expect(await new Response(streamOf(passed)).text()).toBe("abc");
    expect([passed.ended, events]).toEqual([true, ["piece 2", "piece 1", "end"]]);
  });

  test("ends with the last bytes it is given where the source fails", async () => {
    const { source, events } = relayed(bodyOf(["ab"], new Error("gone")), new TextEncoder().encode("!"));
    expect(await new Response(streamOf(source)).text()).toBe("ab!");
    expect(events).toEqual(["piece 2", "break gone"]);
  });

  test("fails as the source does where it is given none", async () => {
    const { source } = relayed(bodyOf(["ab"], new Error("gone")), null);
    await expect(new Response(streamOf(source)).text()).rejects.toThrow("gone");
  });

  test("cancels the source once, and tells nothing after", async () => {
    const of = bodyOf(["ab", "c"]);
    const { source, events } = relayed(of, null);
    await source.read();
    await source.cancel("left");
    await source.cancel("again");
    expect([await source.read(), events, of.cancelled]).toEqual([
      { done: true, value: undefined },
      ["piece 2", "cancel"],
      ["left"],
    ]);
  });
});
