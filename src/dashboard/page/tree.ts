import type { TreeView, TreeViewNode } from "../../gateway/index.js";
import { type Admin, Refused } from "./admin.js";
import type { Colours } from "./colours.js";
import { html, part, setText } from "./element.js";
import { counted, duration, short, whole } from "./format.js";
import { Icicle } from "./icicle.js";

/** Rows below the top that are asked for. */
const DEPTH = 24;
/** Between two looks, and in relation to what one takes, since the gateway does nothing else meanwhile. */
const INTERVAL_MS = 3_000;
const REST = 30;

/** The picture of the tree, with its controls and what is told of the selected node. */
export class TreePanel {
  readonly #icicle: Icicle;
  readonly #colours: Colours;
  readonly #namespaces = html("select", { id: "namespace" });
  readonly #namespaceLabel = html("label", {}, "Namespace ", this.#namespaces);
  readonly #text = html("input", { type: "checkbox", id: "tree-text" });
  readonly #way = html("nav", { "aria-label": "Way to the top of the picture", class: "way" });
  readonly #legend = html("ul", { class: "owners", "aria-label": "Colours" });
  readonly #about = html("div", { class: "about" });
  /** All but what is said in its place. */
  readonly #picture = html("div", { class: "picture" });
  readonly #textNote = html("p", { class: "quiet", role: "status" });
  readonly #note = html("p", { class: "quiet" });
  #admin: Admin | null = null;
  #model: string | null = null;
  /** As chosen; null leaves it to the gateway. */
  #namespace: string | null = null;
  #at = "";
  #view: TreeView | null = null;
  #nextMs = 0;
  /** Counts changes of what is wanted; an answer to an older wish is not shown. */
  #wish = 0;
  #busy = false;

  constructor(colours: Colours) {
    this.#colours = colours;
    this.#icicle = new Icicle(colours, {
      onSelect: (node, children) => this.#describe(node, children),
      onEnter: (node) => this.#go(node.path),
      onLeave: () => this.#go(this.#view?.ancestors.at(-1)?.path ?? ""),
    });
    const button = (text: string, label: string, action: () => void) => {
      const element = html("button", { type: "button", "aria-label": label, title: label }, text);
      element.addEventListener("click", action);
      return element;
    };
    part("tree-controls").append(
      this.#namespaceLabel,
      html("label", {}, this.#text, " Texts"),
      button("+", "Zoom in", () => this.#icicle.zoom(1.5)),
      button("−", "Zoom out", () => this.#icicle.zoom(1 / 1.5)),
      button("Reset", "Reset the zoom and go to the root", () => {
        this.#icicle.reset();
        this.#go("");
      }),
    );
    const keys =
      "Click selects, double click goes in, dragging moves, Ctrl and the wheel zoom. Keys: arrows, Enter, Backspace, + − 0.";
    this.#picture.append(this.#way, this.#icicle.element, this.#textNote, this.#about, this.#legend);
    this.#picture.append(html("p", { class: "quiet keys" }, keys));
    part("tree").append(this.#note, this.#picture);
    this.#namespaces.addEventListener("change", () => {
      this.#namespace = this.#namespaces.value;
      this.#go("");
    });
    this.#text.addEventListener("change", () => this.#want());
  }

  /** From now on it is this model's. @param admin null where there is no tree. */
  watch(admin: Admin | null, model: string | null): void {
    if (admin !== null && admin === this.#admin && model === this.#model) return;
    this.#wish++;
    this.#admin = admin;
    this.#model = model;
    this.#namespaces.replaceChildren();
    this.#namespace = null;
    this.#at = "";
    this.#view = null;
    if (admin === null) this.#empty("This policy has no tree.");
    else this.#want();
  }

  /** To be called often: it looks when it is time. */
  async tick(replicas: readonly string[]): Promise<void> {
    this.#showOwners(replicas);
    if (this.#busy || performance.now() < this.#nextMs) return;
    await this.#look();
  }

  #go(path: string): void {
    this.#at = path;
    this.#want();
  }

  #want(): void {
    this.#wish++;
    this.#nextMs = 0;
    if (!this.#busy) void this.#look().catch(() => {});
  }

  async #look(): Promise<void> {
    if (this.#admin === null) return;
    this.#busy = true;
    const wish = this.#wish;
    const begin = performance.now();
    try {
      const view = await this.#admin.tree(this.#model, {
        depth: DEPTH,
        namespace: this.#namespace,
        at: this.#at,
        text: this.#text.checked ? "true" : null,
      });
      if (wish === this.#wish) this.#show(view);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (wish === this.#wish) this.#refused(error);
    } finally {
      const end = performance.now();
      this.#nextMs = wish === this.#wish ? end + Math.max(INTERVAL_MS, (end - begin) * REST) : 0;
      this.#busy = false;
      if (wish !== this.#wish) void this.#look().catch(() => {});
    }
  }

  #show(view: TreeView): void {
    const isNew = this.#view?.root?.path !== view.root?.path || this.#view?.namespace !== view.namespace;
    this.#view = view;
    this.#at = view.root?.path ?? "";
    const names = view.namespaces.map(shortName);
    if (names.length !== this.#namespaces.length) {
      const options = view.namespaces.map((value, i) => html("option", { value }, names[i]!));
      this.#namespaces.replaceChildren(...options);
    }
    this.#namespaces.value = view.namespace;
    this.#namespaceLabel.hidden = names.length < 2;
    const hasText = view.root !== null && view.root.totalChars > 0;
    setText(this.#note, hasText ? "" : "There is nothing in it.");
    this.#picture.hidden = !hasText;
    part("tree-controls").hidden = false;
    this.#showWay(view);
    this.#icicle.show(hasText ? view.root : null, isNew);
  }

  #refused({ code, message }: Refused): void {
    if (code === "text_not_allowed") {
      this.#text.checked = false;
      this.#text.disabled = true;
      setText(this.#textNote, "Texts are prompts; this gateway does not show them (adminTreeText).");
      this.#wish++;
      return;
    }
    this.#empty(message);
  }

  #empty(why: string): void {
    this.#picture.hidden = true;
    part("tree-controls").hidden = true;
    setText(this.#note, why);
  }

  #showWay({ ancestors, root }: TreeView): void {
    const steps = ancestors.map(({ path, text, totalChars }) => {
      const name = path === "" ? "root" : (text?.slice(0, 20) ?? `${short(totalChars)} characters`);
      const step = html("button", { type: "button", class: "link" }, name);
      step.addEventListener("click", () => this.#go(path));
      return html("li", {}, step);
    });
    const here =
      root === null || root.path === "" ? "root" : (root.text?.slice(0, 20) ?? `${short(root.totalChars)} characters`);
    // What has the focus must not be taken away under it.
    const shown = [...steps.map(({ textContent }) => textContent), here].join();
    if (this.#way.textContent?.replaceAll(",", "") === shown.replaceAll(",", "")) return;
    this.#way.replaceChildren(html("ol", {}, ...steps, html("li", { "aria-current": "true" }, here)));
  }

  #showOwners(replicas: readonly string[]): void {
    if (this.#legend.textContent === replicas.join("")) return;
    this.#legend.replaceChildren(
      ...replicas.map((id) => html("li", {}, html("span", { class: `dot ${this.#colours.of(id)}` }), id)),
    );
  }

  #describe({ chars, totalChars, owners, text }: TreeViewNode, children: number): void {
    const lastS = this.#view?.lastUseS ?? 0;
    const used = owners
      .toSorted((a, b) => b.atS - a.atS)
      .map(
        ({ replica, atS }) =>
          `${replica} (${lastS - atS < 1 ? "just used" : `${duration(lastS - atS)} before the last use`})`,
      );
    const size = `${whole(chars)} characters of its own, ${whole(totalChars)} with what is below it in ${counted(children, "child", "children")}.`;
    const sentence = `${size} Owned by ${used.join(", ") || "nobody"}.`;
    if (this.#about.dataset.shown === sentence + (text ?? "")) return;
    this.#about.dataset.shown = sentence + (text ?? "");
    this.#about.replaceChildren(
      html("p", {}, sentence),
      ...(text === undefined || text === "" ? [] : [html("pre", {}, text)]),
    );
  }
}

/** The router makes a namespace of a request's model and the like: a list as JSON. */
function shortName(namespace: string): string {
  if (namespace === "") return "(none)";
  const parts = /^\[.*\]$/.test(namespace) ? namespace.match(/"(?:[^"\\]|\\.)*"/g) : null;
  const name =
    parts
      ?.map((part) => JSON.parse(part))
      .filter((part) => part !== "")
      .join(", ") || namespace;
  return name.length <= 40 ? name : `${name.slice(0, 39)}…`;
}
