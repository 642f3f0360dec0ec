import { badge, element } from "./element.js";

/** A card for each replica: what it does now, what the tree says it was sent, what its cache has saved. */
export class ReplicasView {
  #cards;

  constructor(container, ids) {
    this.#cards = new Map(ids.map((id) => [id, new Card(id)]));
    container.replaceChildren(...[...this.#cards.values()].map(({ root }) => root));
  }

  /** @param chosen the replica that got the last request, if there was one. */
  show({ router, servers }, chosen) {
    const chars = router.tree.tenantToCharCount;
    const mostChars = Math.max(600, ...chars.values());
    for (const { id, queueLength } of router.replicas) {
      const { usedBlocks, blocks, promptTokens, cachedTokens } = servers.get(id).stats;
      const card = this.#cards.get(id);
      card.root.classList.toggle("chosen", id === chosen);
      card.root.classList.toggle("busy", queueLength > 0);
      card.queue.textContent = queueLength === 0 ? "idle" : `${queueLength} running`;
      card.sent.show(chars.get(id) / mostChars, `${chars.get(id)} characters`);
      card.cached.show(promptTokens === 0 ? 0 : cachedTokens / promptTokens, `${cachedTokens} of ${promptTokens}`);
      card.used.show(usedBlocks / blocks, `${usedBlocks} of ${blocks} blocks`);
    }
  }
}

class Card {
  queue = element("span", { className: "queue" });
  sent = new Gauge("Text sent to it (the tree)");
  cached = new Gauge("Prompt tokens found cached");
  used = new Gauge("Memory of running requests");

  constructor(id) {
    const gauges = [this.sent, this.cached, this.used].map(({ root }) => root);
    this.root = element("article", { className: "replica" }, [
      element("h3", {}, [badge(id), `Replica ${id}`, this.queue]),
      ...gauges,
    ]);
    this.root.dataset.replica = id;
  }
}

/** A name, a figure, and a bar that says it again. */
class Gauge {
  #figure = element("span", { className: "figure" });
  #filled = element("div");

  constructor(name) {
    const bar = element("div", { className: "bar" }, [this.#filled]);
    this.root = element("div", { className: "gauge" }, [element("span", { textContent: name }), this.#figure, bar]);
  }

  /** @param share from 0 to 1. */
  show(share, figure) {
    this.#figure.textContent = figure;
    this.#filled.style.width = `${100 * share}%`;
  }
}
