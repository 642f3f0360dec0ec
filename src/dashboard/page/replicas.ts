import type { ReplicaState } from "../../gateway/index.js";
import type { Colours } from "./colours.js";
import { confirmed } from "./confirm.js";
import { html, part, setAttribute, setText } from "./element.js";
import { NOTHING, percent, short, whole } from "./format.js";

/** What is to be done when a replica is drained, or no longer. */
export type Drain = (id: string, draining: boolean) => Promise<void>;

/** A card for each replica. */
export class Replicas {
  readonly #cards = new Map<string, Card>();
  readonly #colours: Colours;
  readonly #drain: Drain;

  constructor(colours: Colours, drain: Drain) {
    this.#colours = colours;
    this.#drain = drain;
  }

  update(replicas: readonly ReplicaState[]): void {
    const list = part("replicas");
    for (const [id, card] of this.#cards) {
      if (replicas.some((replica) => replica.id === id)) continue;
      card.element.remove();
      this.#cards.delete(id);
    }
    replicas.forEach((replica, place) => {
      let card = this.#cards.get(replica.id);
      if (card === undefined) {
        card = new Card(replica.id, this.#colours.of(replica.id), this.#drain);
        this.#cards.set(replica.id, card);
      }
      if (list.children[place] !== card.element) list.insertBefore(card.element, list.children[place] ?? null);
      card.update(replica, all(replicas));
    });
    part("no-replicas").hidden = replicas.length > 0;
  }
}

/** What a card's shares are of. */
interface All {
  readonly mostQueued: number;
  readonly requests: number;
  readonly treeChars: number;
}

function all(replicas: readonly ReplicaState[]): All {
  return {
    mostQueued: Math.max(1, ...replicas.map(({ queueLength }) => queueLength)),
    requests: replicas.reduce((sum, { requests }) => sum + requests, 0),
    treeChars: replicas.reduce((sum, { treeChars }) => sum + (treeChars ?? 0), 0),
  };
}

const BREAKER = { closed: "", half_open: "breaker half open", open: "breaker open" } as const;

class Card {
  readonly element: HTMLElement;
  readonly #id: string;
  readonly #url = html("p", { class: "quiet url" });
  readonly #state = html("span", { class: "state" });
  readonly #breaker = html("span", { class: "state ejected" });
  readonly #underWay = new Gauge("Under way", "Requests of this gateway on it");
  readonly #kvUsage = new Gauge("KV cache", "Share of its KV cache in use, by its own report");
  readonly #hits = new Gauge("Hit ratio", "Cached tokens of all prompt tokens, by its own reports");
  readonly #tree = new Gauge("Tree share", "Share of the prefix tree's characters that it owns");
  readonly #engine = new Figure("Running, waiting", "By its own last report");
  readonly #requests = new Figure("Requests", "Sent to it by this gateway, and their share");
  readonly #button = html("button", { type: "button" });
  readonly #problem = html("p", { class: "problem", role: "alert" });
  readonly #drain: Drain;
  #draining = false;

  constructor(id: string, colour: string, drain: Drain) {
    this.#id = id;
    this.#drain = drain;
    this.element = html(
      "li",
      { class: `panel card ${colour}` },
      html(
        "div",
        { class: "title" },
        html("h3", {}, html("span", { class: "dot" }), id),
        html("div", {}, this.#breaker, " ", this.#state),
      ),
      this.#url,
      html(
        "dl",
        {},
        ...[this.#underWay, this.#kvUsage, this.#hits, this.#tree, this.#engine, this.#requests].map(
          (each) => each.element,
        ),
      ),
      this.#button,
      this.#problem,
    );
    this.#button.addEventListener("click", () => void this.#ask());
  }

  update(replica: ReplicaState, { mostQueued, requests, treeChars }: All): void {
    const { url, state, breaker, queueLength, maxOngoingRequests: places } = replica;
    this.#draining = state === "draining";
    setText(this.#url, url ?? "");
    setText(this.#state, state);
    setAttribute(this.#state, "class", `state ${state}`);
    setText(this.#breaker, BREAKER[breaker]);
    const of = places === null ? "" : ` of ${whole(places)}`;
    this.#underWay.update(`${whole(queueLength)}${of}`, queueLength / (places ?? mostQueued));
    this.#kvUsage.update(percent(replica.kvUsage), replica.kvUsage);
    this.#hits.update(percent(replica.hitRatio), replica.hitRatio);
    const share = replica.treeChars === null || treeChars === 0 ? null : replica.treeChars / treeChars;
    this.#tree.update(share === null ? NOTHING : `${percent(share)}, ${short(replica.treeChars)}`, share);
    this.#engine.update(replica.running === null ? NOTHING : `${whole(replica.running)}, ${whole(replica.waiting)}`);
    const ofAll = requests === 0 ? "" : ` (${percent(replica.requests / requests)})`;
    this.#requests.update(`${whole(replica.requests)}${ofAll}`);
    const verb = this.#draining ? "Undrain" : "Drain";
    setText(this.#button, verb);
    setAttribute(this.#button, "aria-label", `${verb} ${this.#id}`);
  }

  async #ask(): Promise<void> {
    const draining = !this.#draining;
    const [title, text, yes] = draining
      ? [
          `Drain ${this.#id}?`,
          "What it has goes on to its end; it gets no new requests until it is undrained.",
          "Drain",
        ]
      : [`Undrain ${this.#id}?`, "It gets requests again.", "Undrain"];
    if (!(await confirmed(title!, text!, yes!))) return;
    setText(this.#problem, "");
    try {
      await this.#drain(this.#id, draining);
    } catch (error) {
      setText(this.#problem, `That did not work: ${(error as Error).message}`);
    }
  }
}

/** A name and a value. */
class Figure {
  readonly element: HTMLElement;
  readonly #value = html("dd");

  constructor(name: string, about: string) {
    this.element = html("div", { title: about }, html("dt", {}, name), this.#value);
  }

  update(value: string): void {
    setText(this.#value, value);
  }
}

/** A name, a value, and a bar of it. */
class Gauge {
  readonly element: HTMLElement;
  readonly #value = html("dd");
  readonly #bar = html("span", { class: "fill" });

  constructor(name: string, about: string) {
    const bar = html("span", { class: "bar", "aria-hidden": "true" }, this.#bar);
    this.element = html(
      "div",
      { title: about, class: "gauge" },
      html("dt", {}, name),
      this.#value,
      html("dd", { class: "of-bar", "aria-hidden": "true" }, bar),
    );
  }

  update(value: string, share: number | null): void {
    setText(this.#value, value);
    this.#bar.style.width = `${Math.min(1, share ?? 0) * 100}%`;
  }
}
