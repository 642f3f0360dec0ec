import type { GatewayState } from "../../gateway/index.js";
import { html, part, setText } from "./element.js";
import { bytes, duration, fine, milliseconds, percent, short, whole } from "./format.js";
import { rates, type Sample } from "./history.js";

/** What a glance is for. */
export class Figures {
  readonly #values = new Map<string, { readonly value: HTMLElement; readonly note: HTMLElement }>();

  update({ uptimeS }: GatewayState, samples: readonly Sample[]): void {
    const { model } = samples.at(-1)!;
    const { decisions, tree, ttftMs } = model;
    const ended = ({ groups }: Sample) => groups.completed + groups.left + groups.refused + groups.failed;
    const total = ended(samples.at(-1)!);
    const failed = samples.at(-1)!.groups.failed;
    const share = (chars: number) => (decisions.textChars === 0 ? null : Math.min(1, chars / decisions.textChars));
    this.#set(
      "Requests a second",
      fine(rates(samples, 5, ended).at(-1) ?? null),
      `${short(total)} in ${duration(uptimeS)}`,
    );
    this.#set("Failed", whole(failed), total === 0 ? "" : `${percent(failed / total)} of all`);
    this.#set("Under way", whole(model.leases), `${whole(model.queued)} wait for a place`);
    this.#set(
      "Time to first token",
      milliseconds(ttftMs?.p50 ?? null),
      ttftMs === null ? "no stream in 10 s" : `p95 ${milliseconds(ttftMs.p95)}`,
    );
    this.#set(
      "Hit ratio",
      percent(share(decisions.hitChosen)),
      tree === null ? "" : `${percent(share(decisions.hitAvailable))} was possible`,
    );
    this.#set(
      "Tree",
      tree === null ? "none" : bytes(tree.memoryBytes),
      tree === null ? "this policy has none" : `of ${bytes(tree.maxBytes)}, ${short(tree.nodes)} nodes`,
    );
    const healthy = model.replicas.filter(({ state }) => state === "healthy").length;
    this.#set("Healthy replicas", `${whole(healthy)} of ${whole(model.replicas.length)}`, model.policy);
  }

  #set(name: string, value: string, note: string): void {
    let entry = this.#values.get(name);
    if (entry === undefined) {
      entry = { value: html("dd"), note: html("dd", { class: "quiet" }) };
      this.#values.set(name, entry);
      part("figures").append(html("div", { class: "panel" }, html("dt", {}, name), entry.value, entry.note));
    }
    setText(entry.value, value);
    setText(entry.note, note);
  }
}
