import { describe, expect, test } from "vitest";
import { SSE_DONE, type SseEvent, SseParser, sseEvent } from "../../src/protocol/index.js";
import fc from "../properties.js";

const parse = (...pieces: string[]): SseEvent[] => {
  const parser = new SseParser();
  return pieces.flatMap((piece) => parser.push(piece));
};

const data = (...values: string[]): SseEvent[] => values.map((value) => ({ event: "message", data: value, id: "" }));

describe("a stream written here", () => {
  test("is read back as it was", () => {
    const stream = sseEvent({ text: "one\ntwo" }) + sseEvent({ text: "\u2028 é 🚀" }) + SSE_DONE;
    expect(parse(stream)).toEqual(data('{"text":"one\\ntwo"}', '{"text":"\u2028 é 🚀"}', "[DONE]"));
  });
});

describe("SseParser", () => {
  test("ends lines at LF, CR and CRLF, also mixed", () => {
    expect(parse("data: a\n\ndata: b\r\rdata: c\r\n\r\ndata: d\r\n\n")).toEqual(data("a", "b", "c", "d"));
  });

  test("joins the data lines of an event with line feeds", () => {
    expect(parse("data: one\ndata:\ndata: three\n\n")).toEqual(data("one\n\nthree"));
  });

  test("takes one space from a value, and no more", () => {
    expect(parse("data:a\n\ndata: a\n\ndata:  a\n\n")).toEqual(data("a", "a", " a"));
  });

  test("takes a line without a colon as a field without a value", () => {
    expect(parse("data\n\n")).toEqual(data(""));
  });

  test("gives an event its name, and an id to all that follow", () => {
    expect(parse("event: delta\nid: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\n")).toEqual([
      { event: "delta", data: "a", id: "7" },
      { event: "message", data: "b", id: "7" },
      { event: "message", data: "c", id: "" },
    ]);
  });

  test("passes over comments, other fields, ids with NUL, and events without data", () => {
    expect(parse(": ping\n\nevent: empty\n\nretry: 5\nid: a\0b\nunknown: x\ndata: a\n\n")).toEqual(data("a"));
  });

  test("passes over a byte order mark at the start, and only there", () => {
    expect(parse("\ufeffdata: a\n\n")).toEqual(data("a"));
    expect(parse("data: a\n\n\ufeffdata: b\n\n")).toEqual(data("a"));
  });

  test("keeps an event that is not yet complete", () => {
    const parser = new SseParser();
    expect(parser.push("data: a\n")).toEqual([]);
    expect(parser.push("data: b")).toEqual([]);
    expect(parser.push("\n\n")).toEqual(data("a\nb"));
  });

  const STREAM =
    '\ufeff: hello\r\n\r\nevent: delta\r\nid: 1\r\ndata: {"a":\r\ndata:  1}\r\n\r\ndata: b\n\n\r\rdata: c\r\rid\ndata\n\n';
  const EVENTS: SseEvent[] = [
    { event: "delta", data: '{"a":\n 1}', id: "1" },
    { event: "message", data: "b", id: "1" },
    { event: "message", data: "c", id: "1" },
    { event: "message", data: "", id: "" },
  ];

  test("gives the same events wherever a stream is cut in three", () => {
    expect(parse(STREAM)).toEqual(EVENTS);
    for (let first = 0; first <= STREAM.length; first++) {
      for (let second = first; second <= STREAM.length; second++) {
        const pieces = [STREAM.slice(0, first), STREAM.slice(first, second), STREAM.slice(second)];
        expect(parse(...pieces), `cut at ${first} and ${second}`).toEqual(EVENTS);
      }
    }
  });

  test("gives the same events a character at a time, for any stream", () => {
    const piece = fc.constantFrom("data", "event", "id", ":", " ", "x", "\n", "\r", "\r\n", "\ufeff");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60, size: "max" }), (pieces) => {
        expect(parse(...pieces.join(""))).toEqual(parse(pieces.join("")));
      }),
    );
  });
});
