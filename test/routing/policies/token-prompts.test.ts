import { describe, expect, test } from "vitest";
import type { RouterOptions } from "../../../src/index.js";
import { Stand } from "./stand.js";

const WITH_TREE = ["prefix_aware", "cache_aware", "kv_cost"] as const;
const LOOKING = [...WITH_TREE, "prefix_blocks"] as const;
const PROMPT = Array.from({ length: 128 }, (_, i) => i * 7);

function stand(options: Partial<RouterOptions> & Pick<RouterOptions, "policy">): Stand {
  return new Stand({ rendering: "structured", replicas: [{ id: "a", maxOngoingRequests: 1 }], ...options });
}

describe.each(WITH_TREE)("%s: prompts of token ids", (policy) => {
  test("are taken back when they are rejected, but for what was there before", () => {
    const { router } = stand({ policy });
    const chars = () => router.tree!.stats().chars;
    router.route({ prompt: PROMPT.slice(0, 100) }).release();
    expect(chars()).toBe(100);
    const lease = router.route({ prompt: PROMPT });
    expect([chars(), lease.decision.hitChosen]).toEqual([128, 100]);
    lease.reject();
    expect(chars()).toBe(100);
  });

  test("that come to nothing leave no trace", async () => {
    const { router } = stand({ policy });
    const held = router.route({ text: "" });
    const gone = new AbortController();
    const waiting = router.acquire({ prompt: PROMPT }, { signal: gone.signal });
    gone.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    held.release();
    router.route({ text: "" }).release();
    expect(router.tree!.stats().chars).toBe(0);
  });

  test("are apart from texts of those characters, and by namespace", () => {
    const asked = stand({ policy });
    const text = String.fromCharCode(...PROMPT);
    asked.answer({ prompt: PROMPT }, { model: "m" });
    expect(asked.ask({ prompt: text }, { model: "m" }).hitAvailable).toBe(0);
    expect(asked.ask({ prompt: PROMPT }).hitAvailable).toBe(0);
    expect(asked.ask({ prompt: PROMPT }, { model: "m" }).hitAvailable).toBe(128);
    expect(asked.ask({ prompt: [PROMPT] }, { model: "m" }).hitAvailable).toBe(128);
  });

  test("count as tokens, whatever the ids", () => {
    const asked = stand({ policy });
    const ids = [0, 1, 0xd7ff, 0xd800, 0xdfff, 0xe000, 0xffff, 0x10000, 999_999];
    const prompt = Array.from({ length: 64 }, (_, i) => ids[i % ids.length]!);
    asked.answer({ prompt });
    expect(asked.ask({ prompt: [...prompt, ...prompt] })).toMatchObject({ matchedChars: 64, textChars: 128 });
  });
});

describe.each(LOOKING)("%s: the caller's list may change", (policy) => {
  test("while the request waits", async () => {
    const { router } = stand({ policy });
    const held = router.route({ text: "" });
    const prompt = [...PROMPT];
    const waiting = router.acquire({ prompt });
    prompt.fill(-7);
    prompt.length = 2;
    held.release();
    (await waiting).release();
    expect(router.route({ prompt: PROMPT }).decision.hitChosen).toBe(128);
  });

  test.each(["choice", "accept"] as const)("before it is accepted (%s)", (insertAt) => {
    const { router } = stand({ policy, insertAt });
    const prompt = [...PROMPT];
    const lease = router.route({ prompt });
    prompt[0] = -1;
    lease.accept();
    lease.release();
    expect(router.route({ prompt: PROMPT }).decision.hitChosen).toBe(128);
  });

  test("before it is rejected", () => {
    const { router } = stand({ policy });
    const prompt = [...PROMPT];
    const lease = router.route({ prompt });
    prompt[0] = -1;
    lease.reject();
    expect(router.route({ prompt: PROMPT }).decision.hitChosen).toBe(0);
  });
});
