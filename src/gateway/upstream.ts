import { type HeaderFields, type HttpAnswer, type StopSignal, webSignal } from "../protocol/index.js";

/** What is sent to a replica. */
export interface UpstreamRequest {
  readonly method: "GET" | "POST";
  readonly headers: HeaderFields;
  readonly body: Uint8Array<ArrayBuffer> | null;
  /** Ends it, whatever it has come to. */
  readonly signal: StopSignal;
}

/** Sends requests to replicas. It follows no redirect. */
export interface Upstream {
  /** @throws whatever has gone wrong before the head of an answer. */
  send(url: string, request: UpstreamRequest): Promise<HttpAnswer>;
  /** Whether bodies come decoded where their `content-encoding` is one that `fetch` decodes. */
  readonly decodes: boolean;
}

/** Every runtime's: through a `fetch`. */
export function fetchUpstream(send: typeof fetch): Upstream {
  return {
    decodes: true,
    send: (url, { method, headers, body, signal }) =>
      send(url, { method, headers: [...headers], body, redirect: "manual", signal: webSignal(signal) }),
  };
}

/** An answer's body as text; null for one that is longer than so many bytes. */
export async function textOf({ body }: HttpAnswer, mostBytes: number): Promise<string | null> {
  if (body === null) return "";
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    bytes += piece.value.byteLength;
    if (bytes > mostBytes) {
      letGo(reader);
      return null;
    }
    text += decoder.decode(piece.value, { stream: true });
  }
  return text + decoder.decode();
}

/** Nobody reads the body. */
export function discard(answer: HttpAnswer): void {
  if (answer.body !== null) letGo(answer.body.getReader());
}

function letGo(reader: { cancel(): Promise<void> }): void {
  void reader.cancel().catch(() => {});
}
