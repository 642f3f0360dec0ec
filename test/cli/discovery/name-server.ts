import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import { Until } from "../files.js";

const TYPES = { A: 1, AAAA: 28, SRV: 33 } as const;

/** What is answered: records, that there is no such name, that the server is ill; silence. */
export type NameAnswer =
  | { readonly ttl: number; readonly data: readonly (string | SrvData)[] }
  | "no such name"
  | "failure"
  | "silence";

export interface SrvData {
  readonly priority: number;
  readonly port: number;
  readonly target: string;
}

export interface NameServer {
  readonly address: string;
  /** What it answers from now on. */
  answer(answer: NameAnswer): void;
  /** Resolves when it has been asked so many times since the answer was given. */
  asked(times: number): Promise<void>;
}

/** A DNS server on a port of its own, that answers every question the same. */
export async function nameServer(type: keyof typeof TYPES, first: NameAnswer): Promise<NameServer> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  onTestFinished(() => void socket.close());
  const until = new Until();
  let current = first;
  let asked = 0;
  socket.on("message", (question: Buffer, { port, address }: RemoteInfo) => {
    asked++;
    until.notice();
    if (current !== "silence") socket.send(reply(question, TYPES[type], current), port, address);
  });
  return {
    address: `127.0.0.1:${socket.address().port}`,
    answer(answer) {
      current = answer;
      asked = 0;
    },
    asked: (times) => until.holds(() => asked >= times),
  };
}

const NO_SUCH_NAME = 3;
const SERVER_FAILURE = 2;

function reply(question: Buffer, type: number, answer: Exclude<NameAnswer, "silence">): Buffer {
  const end = question.indexOf(0, 12) + 5;
  const records = typeof answer === "string" ? [] : answer.data.map((data) => record(type, answer.ttl, data));
  const header = Buffer.from(question.subarray(0, 12));
  const code = answer === "no such name" ? NO_SUCH_NAME : answer === "failure" ? SERVER_FAILURE : 0;
  header.writeUInt16BE(0x8180 | code, 2);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt32BE(0, 8);
  return Buffer.concat([header, question.subarray(12, end), ...records]);
}

function record(type: number, ttl: number, data: string | SrvData): Buffer {
  const bytes = dataOf(data);
  const head = Buffer.alloc(12);
  // The name is the question's.
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttl, 6);
  head.writeUInt16BE(bytes.length, 10);
  return Buffer.concat([head, bytes]);
}

function dataOf(data: string | SrvData): Buffer {
  if (typeof data !== "string") {
    const numbers = Buffer.alloc(6);
    numbers.writeUInt16BE(data.priority, 0);
    numbers.writeUInt16BE(data.port, 4);
    const labels = data.target.split(".").map((label) => Buffer.from(String.fromCharCode(label.length) + label));
    return Buffer.concat([numbers, ...labels, Buffer.from([0])]);
  }
  if (!data.includes(":")) return Buffer.from(data.split(".").map(Number));
  // All eight groups have to be there.
  const groups = Buffer.alloc(16);
  for (const [i, group] of data.split(":").entries()) groups.writeUInt16BE(Number.parseInt(group, 16), 2 * i);
  return groups;
}
