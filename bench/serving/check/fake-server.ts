/**
 * A server whose answers take exactly known times, to measure the client with: a program of its own, so that it does not share the
 * client's thread, on bare sockets, so that it keeps up with it. It speaks enough of HTTP/1.1 for that client and no other.
 *
 * Arguments: ms to the first of 8 pieces of text, ms between them. With it waiting in a loop for the moment instead of in a timer's
 * grain of a ms when asked to be exact.
 */
import { createServer, type Socket } from "node:net";

const [ttftMs, gapMs, exact] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4] === "exact"];
const PIECES = 8;

const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const MODELS = JSON.stringify({ object: "list", data: [{ id: "fake", object: "model" }] });
const common = { id: "cmpl-1", object: "text_completion", created: 0, model: "fake" };
const piece = chunk(event({ ...common, choices: [{ index: 0, text: " word", logprobs: null, finish_reason: null }] }));
const usage = { prompt_tokens: 100, completion_tokens: PIECES, total_tokens: 100 + PIECES };
const end = `${chunk(event({ ...common, choices: [], usage }))}${chunk("data: [DONE]\n\n")}0\r\n\r\n`;

/** What is to be written when, ordered by time: the delays of one kind of step are all the same, so each kind is a queue. */
const first: Step[] = [];
const later: Step[] = [];
interface Step {
  readonly socket: Socket;
  readonly atMs: number;
  readonly left: number;
}

const server = createServer({ noDelay: true }, (socket) => {
  let received = "";
  socket.setEncoding("latin1");
  socket.on("error", () => {});
  socket.on("data", (text: string) => {
    received += text;
    for (;;) {
      const headEnd = received.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const length = Number(/content-length: *(\d+)/i.exec(received.slice(0, headEnd))?.[1] ?? 0);
      if (received.length < headEnd + 4 + length) return;
      const isGet = received.startsWith("GET");
      received = received.slice(headEnd + 4 + length);
      if (isGet) {
        socket.write(
          `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${MODELS.length}\r\n\r\n${MODELS}`,
        );
      } else {
        first.push({ socket, atMs: performance.now() + ttftMs, left: PIECES });
        wake();
      }
    }
  });
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as { port: number };
  process.stdout.write(`fake server at http://127.0.0.1:${port}\n`);
});
process.on("SIGTERM", () => process.exit(0));

let timer: NodeJS.Timeout | NodeJS.Immediate | null = null;

function wake(): void {
  if (timer !== null) return;
  const next = Math.min(first[0]?.atMs ?? Number.POSITIVE_INFINITY, later[0]?.atMs ?? Number.POSITIVE_INFINITY);
  if (next === Number.POSITIVE_INFINITY) return;
  const wait = next - performance.now();
  timer = exact && wait < 2 ? setImmediate(work) : setTimeout(work, Math.max(0, exact ? wait - 2 : wait));
}

function work(): void {
  timer = null;
  for (const queue of [first, later]) {
    while (queue.length > 0 && queue[0]!.atMs <= performance.now()) write(queue.shift()!);
  }
  wake();
}

function write({ socket, atMs, left }: Step): void {
  if (left === 1) socket.write(piece + end);
  else {
    socket.write(left === PIECES ? HEAD + piece : piece);
    later.push({ socket, atMs: atMs + gapMs, left: left - 1 });
  }
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}
