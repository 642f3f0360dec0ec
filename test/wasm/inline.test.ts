import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";

const WASM = readFileSync(new URL("../../build/tree.wasm", import.meta.url));

/** Runs `treeModule` of a fresh copy of the file, and returns the bytes that it gives to the compiler, each time it does. */
async function compiledBytes(times: number): Promise<Uint8Array[]> {
  const given: Uint8Array[] = [];
  const { Module } = WebAssembly;
  vi.stubGlobal("WebAssembly", {
    Module: class extends Module {
      constructor(bytes: Uint8Array<ArrayBuffer>) {
        super(bytes);
        given.push(bytes);
      }
    },
  });
  vi.resetModules();
  const { treeModule } = await import("../../src/wasm/inline.js");
  expect(given).toEqual([]);
  for (let i = 0; i < times; i++) treeModule();
  return given;
}

describe("the inlined core is what was built, whatever the host decodes it with", () => {
  const fromBase64 = Object.getOwnPropertyDescriptor(Uint8Array, "fromBase64");
  afterEach(() => {
    vi.unstubAllGlobals();
    Reflect.deleteProperty(Uint8Array, "fromBase64");
    if (fromBase64 !== undefined) Object.defineProperty(Uint8Array, "fromBase64", fromBase64);
  });

  test.each(["Uint8Array.fromBase64", "Buffer", "atob"])("%s", async (decoder) => {
    const { Buffer } = globalThis;
    const native = vi.fn((text: string) => new Uint8Array(Buffer.from(text, "base64")));
    Reflect.deleteProperty(Uint8Array, "fromBase64");
    if (decoder === "Uint8Array.fromBase64") Object.assign(Uint8Array, { fromBase64: native });
    else if (decoder === "atob") vi.stubGlobal("Buffer", undefined);
    const [bytes] = await compiledBytes(1);
    vi.unstubAllGlobals();
    expect(WASM.equals(bytes!)).toBe(true);
    expect(native).toHaveBeenCalledTimes(decoder === "Uint8Array.fromBase64" ? 1 : 0);
  });

  test("compiled when it is first asked for, and once", async () => {
    expect(await compiledBytes(3)).toHaveLength(1);
  });
});
