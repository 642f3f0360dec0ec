import { Router } from "warmroute";

export async function program() {
  const router = new Router({
    policy: "prefix_aware",
    imbalancedThreshold: 4,
    seed: 1,
    clock: () => 0,
    replicas: ["a", "b", "c"].map((id) => ({ id })),
  });
  const chosen = [];
  const leases = [];
  for (let turn = 0; turn < 60; turn++) {
    const lease = router.route({ prompt: `You are assistant ${turn % 7}. `.repeat(1 + turn / 7) });
    chosen.push(lease.decision.replica);
    lease.accept();
    leases.push(lease);
    if (leases.length > 9) leases.shift().release();
  }
  return JSON.stringify({ chosen: chosen.join("") });
}
