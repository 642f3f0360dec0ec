/**
 * The SHA-256 of a text's UTF-8. At once where the runtime can do that: a promise of WebCrypto's is kept by another thread, which costs
 * as much as all that the gateway does with a request (25 µs of CPU).
 */
export function sha256(text: string): Uint8Array | Promise<Uint8Array> {
  return atOnce === null ? byWebCrypto(text) : atOnce(text);
}

/** @internal Where there is nothing else, as in a page. */
export async function byWebCrypto(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

/** The bytes as hex digits, in small letters. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const atOnce = /* @__PURE__ */ byNode();

/** Node's (20.12 and later), which Deno, Bun and Workers may have too. */
function byNode(): ((text: string) => Uint8Array) | null {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  const node = process?.getBuiltinModule?.("node:crypto") as NodeCrypto | undefined;
  if (typeof node?.hash !== "function") return null;
  return (text) => node.hash("sha256", text, "buffer");
}

interface NodeCrypto {
  hash(algorithm: string, data: string, encoding: "buffer"): Uint8Array;
}
