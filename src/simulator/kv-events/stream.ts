import { RequestError, SSE_HEADERS } from "../../protocol/index.js";
import type { KvEventBatch } from "./event.js";
import type { KvEventLog } from "./log.js";
import { batchPayload, END_OF_REPLAY, type KvEventEncoding, sequenceFrame } from "./payload.js";

const BINARY_TYPE = "application/vnd.msgpack";

/** How a stream of events is written. */
interface Format {
  readonly type: string;
  batch(batch: KvEventBatch): Uint8Array;
  /** What ends a replay. */
  end(): Uint8Array;
}

/**
 * `GET /kv_events`: batches as they come, as server-sent events or, with `format=msgpack`, in MessagePack. `from` (or
 * `Last-Event-ID`) first replays those kept from that number on, then the mark of the end; `live=false` stops there.
 * @param onOpen called with what ends the stream.
 * @throws RequestError 400 for a parameter that is wrong.
 */
export function kvEventStream(request: Request, log: KvEventLog, onOpen: (end: () => void) => () => void): Response {
  const { searchParams } = new URL(request.url);
  const format = formatOf(searchParams);
  const from = startOf(request, searchParams);
  const live = choice(searchParams, "live", ["true", "false"]) !== "false";
  let stop = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const end = () => {
        stop();
        controller.close();
      };
      if (from !== null) {
        for (const batch of log.since(from)) controller.enqueue(format.batch(batch));
        controller.enqueue(format.end());
      }
      if (!live) {
        controller.close();
        return;
      }
      const unsubscribe = log.subscribe((batch) => controller.enqueue(format.batch(batch)));
      const forget = onOpen(end);
      const abort = () => end();
      request.signal.addEventListener("abort", abort);
      stop = () => {
        request.signal.removeEventListener("abort", abort);
        unsubscribe();
        forget();
      };
    },
    cancel() {
      stop();
    },
  });
  return new Response(body, { headers: { ...SSE_HEADERS, "content-type": format.type } });
}

function formatOf(parameters: URLSearchParams): Format {
  const format = choice(parameters, "format", ["sse", "msgpack"]);
  const encoding = choice(parameters, "encoding", ["array", "map"]) ?? "array";
  return format === "msgpack" ? binary(encoding as KvEventEncoding) : SERVER_SENT;
}

const SERVER_SENT: Format = {
  type: SSE_HEADERS["content-type"]!,
  batch: (batch) => sse(`id: ${batch.seq}`, batch),
  // Without an id: a client that comes back asks from the last batch on.
  end: () => sse("event: end", { seq: -1 }),
};

function sse(head: string, data: object): Uint8Array {
  return new TextEncoder().encode(`${head}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** A frame is the length of the rest (32 bits), the sequence number (64 bits), both highest byte first, then the payload. */
function binary(encoding: KvEventEncoding): Format {
  return {
    type: BINARY_TYPE,
    batch: (batch) => frame(batch.seq, batchPayload(batch, encoding)),
    end: () => frame(END_OF_REPLAY, new Uint8Array(0)),
  };
}

function frame(seq: number | bigint, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + payload.length);
  new DataView(bytes.buffer).setUint32(0, 8 + payload.length);
  bytes.set(sequenceFrame(seq), 4);
  bytes.set(payload, 12);
  return bytes;
}

/** The first batch of a replay; null for none. */
function startOf({ headers }: Request, parameters: URLSearchParams): number | null {
  const from = parameters.get("from");
  const last = headers.get("last-event-id");
  if (from === null && last === null) return null;
  const start = from === null ? Number(last) + 1 : Number(from === "" ? Number.NaN : from);
  if (Number.isSafeInteger(start) && start >= 0) return start;
  throw wrong("from", from ?? last, "a sequence number, 0 or more");
}

function choice(parameters: URLSearchParams, name: string, values: readonly string[]): string | null {
  const value = parameters.get(name);
  if (value !== null && !values.includes(value)) throw wrong(name, value, values.join(" or "));
  return value;
}

function wrong(param: string, value: string | null, expected: string): RequestError {
  return new RequestError(400, `${param} must be ${expected}, not ${JSON.stringify(value)}.`, {
    type: "BadRequestError",
    param,
    code: 400,
  });
}
