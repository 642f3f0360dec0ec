// A policy of your own, for `warmroute serve --policy ./custom-policy.mjs`, or in code:
//   import warmUnlessBusy from "./custom-policy.mjs";
//   const router = new Router({ policy: warmUnlessBusy, replicas });
//
// A request goes to the replica that has been sent the most of its text, unless that has 8 requests under way; then to the least
// loaded. All of it is synchronous, and chance comes from `random`, so that the same seed gives the same decisions.
import { PrefixTree } from "warmroute";

const BUSY = 8;

export default function warmUnlessBusy({ random }) {
  const tree = new PrefixTree({ maxBytes: 64 * 2 ** 20 });
  return {
    name: "warm_unless_busy",
    tree,

    choose({ key, candidates, loads }) {
      const ids = candidates.map(({ id }) => id);
      const hits = tree.prefixMatchEach(key.text, ids, key.namespace || undefined);
      const score = (i) => (loads[i] < BUSY ? hits[i] : 0) - loads[i];
      // One of the best by chance: beginning anywhere, the first that no other beats.
      let best = random.below(candidates.length);
      for (let i = 0; i < candidates.length; i++) if (score(i) > score(best)) best = i;
      return {
        replica: candidates[best],
        reason: "custom",
        matchedChars: Math.max(...hits), // the most that any candidate has …
        hitChosen: hits[best], // … and what the chosen one has
        figures: () => candidates.map((_, i) => ({ matchedChars: hits[i], score: score(i) })), // for `explain: true`
      };
    },

    // For `router.preview` and `POST /admin/explain`; `choose` leaves no trace, so it may be the same.
    preview(request) {
      return this.choose(request);
    },

    onRouted({ key, replica, timeS }) {
      tree.insert(key.text, replica.id, timeS, key.namespace || undefined);
    },

    onReplicasChanged({ added, removed, timeS }) {
      tree.addTenants(added, timeS);
      tree.removeTenants(removed);
    },

    dispose() {
      tree[Symbol.dispose]();
    },
  };
}
