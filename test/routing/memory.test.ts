import { expect, test } from "vitest";
import { type Lease, Router } from "../../src/index.js";
import { collectGarbage } from "./support.js";

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const TEXT_CHARACTERS = 100_000;
const LEASES = 500;

/** A body whose strings are its own, as parsing makes them. */
function body(i: number): Record<string, unknown> {
  const content = `${i} `.repeat(TEXT_CHARACTERS / `${i} `.length);
  return JSON.parse(JSON.stringify({ model: `model-${i % 3}`, messages: [{ role: "user", content }] }));
}

test.each([
  ["accepted", (lease: Lease) => lease.accept()],
  ["answered", (lease: Lease) => lease.firstToken()],
  ["rejected", (lease: Lease) => lease.reject()],
  ["released", (lease: Lease) => lease.release()],
] as const)("of an %s request nothing is retained whose size is that of the text", (_name, settle) => {
  using router = new Router({ policy: "prefix_aware", replicas: [{ id: "a" }, { id: "b" }] });
  const keep = (i: number): Lease => {
    const lease = router.route(body(i), { session: "s" });
    settle(lease);
    // What looks at a decision must not hold the text either.
    expect(lease.decision.candidates.length).toBe(2);
    return lease;
  };
  for (let i = 0; i < 10; i++) keep(i);
  const before = heapBytes();
  const leases = Array.from({ length: LEASES }, (_, i) => keep(i));
  // 500 texts have 50,000,000 characters; a lease takes about 1 kB.
  expect(heapBytes() - before).toBeLessThan((LEASES * TEXT_CHARACTERS) / 20);
  expect(leases.length).toBe(LEASES);
});

test("300,000 leases leave nothing behind", () => {
  using router = new Router({ policy: "pow_of_2", replicas: [{ id: "a" }, { id: "b" }] });
  const round = (): void => {
    for (let i = 0; i < 50_000; i++) router.route({ text: "x" }).release();
  };
  round();
  const before = heapBytes();
  for (let i = 0; i < 5; i++) round();
  expect(heapBytes() - before).toBeLessThan(1_000_000);
});
