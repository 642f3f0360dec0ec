import type { RequestPlace, Workload, WorkloadRequest } from "./workload.js";

/** @throws RangeError for what is no index of a conversation. */
export function checkConversation(
  { name, conversations }: Pick<Workload, "name" | "conversations">,
  index: number,
): void {
  if (Number.isInteger(index) && index >= 0 && index < conversations) return;
  throw new RangeError(`${name} has conversations 0 to ${conversations - 1}, not ${index}`);
}

/** A request whose texts are made when they are read, once. */
export function lazyRequest(
  [conversation, turn]: RequestPlace,
  outputTokens: number,
  prompt: () => string,
  { answer, ...rest }: { answer?: () => string; atMs?: number; group?: number } = {},
): WorkloadRequest {
  const request = { conversation, turn, prompt: "", outputTokens, ...rest };
  lazy(request, "prompt", prompt);
  if (answer !== undefined) lazy(request, "answer", answer);
  return request;
}

/** A property of the object's own, so that copies have it. */
function lazy(request: object, name: string, make: () => string): void {
  let text: string | undefined;
  const get = (): string => {
    text ??= make();
    return text;
  };
  Object.defineProperty(request, name, { get, enumerable: true });
}

/** The places of all requests: conversation by conversation, each with so many turns. */
export function placesOf(turns: ArrayLike<number>): RequestPlace[] {
  const places: RequestPlace[] = [];
  for (let i = 0; i < turns.length; i++) for (let turn = 0; turn < turns[i]!; turn++) places.push([i, turn]);
  return places;
}
