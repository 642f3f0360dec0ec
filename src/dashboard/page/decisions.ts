import type { ShownDecision } from "../../gateway/index.js";
import type { Explained } from "./admin.js";
import type { Colours } from "./colours.js";
import { html, part, setText } from "./element.js";
import { clockTime, fine, NOTHING, percent, whole } from "./format.js";

type Shown = NonNullable<Explained["decision"]>;

/** How many are shown; the gateway keeps 100. */
const FEW = 20;
const MANY = 100;

/** The last decisions, the newest first. One that is open stays, also when newer ones have pushed it out. */
export class Decisions {
  readonly #entries = new Map<number, HTMLDetailsElement>();
  readonly #colours: Colours;
  #limit = FEW;

  /** @param onMore is called when more of them are wanted. */
  constructor(colours: Colours, onMore: () => void) {
    this.#colours = colours;
    part("more-decisions").addEventListener("click", () => {
      this.#limit = this.#limit === FEW ? MANY : FEW;
      setText(part("more-decisions"), this.#limit === FEW ? `Show ${MANY}` : `Show ${FEW}`);
      onMore();
    });
  }

  /** How many are wanted. */
  get limit(): number {
    return this.#limit;
  }

  update(decisions: readonly ShownDecision[]): void {
    const list = part("decisions");
    // Nothing moves away under a pointer or a key.
    const held = this.#entries.size > 0 && list.matches(":hover, :focus-within");
    part("held").hidden = !held;
    if (held) return;
    const numbers = new Set(decisions.map(({ number }) => number));
    for (const [number, entry] of this.#entries) {
      if (numbers.has(number) || entry.open) continue;
      entry.parentElement!.remove();
      this.#entries.delete(number);
    }
    for (const decision of [...decisions].reverse()) {
      if (this.#entries.has(decision.number)) continue;
      const entry = this.#entryOf(decision);
      this.#entries.set(decision.number, entry);
      list.prepend(html("li", {}, entry));
    }
    part("no-decisions").hidden = this.#entries.size > 0;
  }

  /** Another model's come. */
  clear(): void {
    this.#entries.clear();
    part("decisions").replaceChildren();
  }

  #entryOf(decision: ShownDecision): HTMLDetailsElement {
    const { time, replica, reason, matchRate, hitChosen, textChars, path, attempt, key } = decision;
    const share = hitChosen === null ? matchRate : hitChosen / Math.max(1, textChars);
    const hit = hitChosen === null && matchRate === 0 ? "tree not asked" : `${percent(share)} of ${whole(textChars)}`;
    const bar = html("span", { class: "bar", "aria-hidden": "true" });
    const fill = html("span", { class: "fill" });
    fill.style.width = `${share * 100}%`;
    bar.append(fill);
    const entry = html(
      "details",
      { class: `panel ${this.#colours.of(replica)}` },
      html(
        "summary",
        {},
        html("time", { datetime: time }, clockTime(time)),
        html("span", { class: "chosen" }, html("span", { class: "dot" }), replica),
        html("span", { class: "reason" }, reason.replaceAll("_", " ")),
        html("span", { class: "hit" }, bar, html("span", {}, hit)),
        html(
          "span",
          { class: "quiet path" },
          [path, attempt > 1 ? `try ${attempt}` : "", key ?? ""].filter(Boolean).join(", "),
        ),
      ),
    );
    // Most are never opened.
    entry.addEventListener("toggle", () => entry.append(...decisionBody(decision, this.#colours)), { once: true });
    return entry;
  }
}

/** The explanation of a decision, and its candidates as a table. */
export function decisionBody(decision: Shown, colours: Colours): HTMLElement[] {
  const { candidates, replica, explanation } = decision;
  const hasMatch = candidates.some(({ matchedChars }) => matchedChars !== null);
  const hasScore = candidates.some(({ score }) => score !== null);
  const hasNote = candidates.some(({ excluded }) => excluded !== undefined);
  const head = ["Replica", "Queue", ...(hasMatch ? ["Matched characters"] : []), ...(hasScore ? ["Score"] : [])];
  const rows = candidates.map(({ replica: id, queueLength, matchedChars, score, excluded }) => {
    const numbers = [
      whole(queueLength),
      ...(hasMatch ? [whole(matchedChars)] : []),
      ...(hasScore ? [fine(score)] : []),
    ];
    const name = html("th", { scope: "row" }, html("span", { class: `dot ${colours.of(id)}` }), id);
    if (id === replica) name.append(html("strong", {}, " chosen"));
    const cells = numbers.map((text) => html("td", { class: "number" }, text));
    if (hasNote) cells.push(html("td", {}, excluded?.replaceAll("_", " ") ?? ""));
    return html("tr", { class: id === replica ? "is-chosen" : null }, name, ...cells);
  });
  // The candidates' lines are the table.
  const sentences = explanation.split("\n").slice(0, -candidates.length || undefined);
  const caption = html("caption", { class: "unseen" }, "Candidates");
  const columns = [...head, ...(hasNote ? ["Left out"] : [])].map((text, i) =>
    html("th", { scope: "col", class: i > 0 && i < head.length ? "number" : null }, text),
  );
  return [
    ...sentences.map((sentence) => html("p", { class: "explanation" }, sentence)),
    html(
      "div",
      { class: "scroll", tabindex: 0, role: "group", "aria-label": "Candidates" },
      html("table", {}, caption, html("thead", {}, html("tr", {}, ...columns)), html("tbody", {}, ...rows)),
    ),
    ...(candidates.length === 0 ? [html("p", { class: "quiet" }, `Candidates: ${NOTHING}`)] : []),
  ];
}
