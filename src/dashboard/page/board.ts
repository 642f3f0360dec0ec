import type { GatewayState } from "../../gateway/index.js";
import { Admin, Refused } from "./admin.js";
import { Charts } from "./charts.js";
import { Colours } from "./colours.js";
import { Decisions } from "./decisions.js";
import { html, part, setAttribute, setText } from "./element.js";
import { addExplain } from "./explain.js";
import { Figures } from "./figures.js";
import { History } from "./history.js";
import { Replicas } from "./replicas.js";
import { TreePanel } from "./tree.js";

/** Why it has ended: the token is no good, or there is nothing to ask. */
export type BoardEnd = "refused" | "no-admin";

const INTERVAL_MS = 1_000;
/** After the first failure, twice as much after each further one up to the last. */
const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 10_000;

/** Everything that a signed-in operator sees, kept up to date. */
export class Board {
  readonly #onEnd: (end: BoardEnd, message: string) => void;
  readonly #colours = new Colours();
  readonly #figures = new Figures();
  readonly #replicas = new Replicas(this.#colours, (id, draining) => this.#drain(id, draining));
  readonly #charts = new Charts(this.#colours);
  readonly #tree = new TreePanel(this.#colours);
  readonly #decisions = new Decisions(this.#colours, () => this.#soon(0));
  #history = new History();
  #admin: Admin | null = null;
  #state: GatewayState | null = null;
  #model: string | null = null;
  #failures = 0;
  #paused = false;
  #timer = 0;

  constructor(onEnd: (end: BoardEnd, message: string) => void) {
    this.#onEnd = onEnd;
    addExplain((body) => this.#admin!.explain(this.#model, body), this.#colours);
    part("pause").addEventListener("click", () => this.#pause(!this.#paused));
    const models = part<HTMLSelectElement>("model");
    models.addEventListener("change", () => {
      this.#model = models.value;
      this.#decisions.clear();
      this.#show();
      this.#soon(0);
    });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.#admin !== null && !this.#paused) this.#soon(0);
    });
  }

  start(token: string): void {
    this.stop();
    this.#admin = new Admin(token);
    this.#history = new History();
    this.#pause(false);
    this.#say("connecting", "Connecting …");
    this.#soon(0);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#admin = null;
    this.#failures = 0;
    this.#tree.watch(null, null);
    this.#decisions.clear();
    this.#say("", "");
  }

  #soon(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), ms);
  }

  async #look(): Promise<void> {
    const admin = this.#admin;
    if (admin === null) return;
    const begin = performance.now();
    try {
      const state = await admin.stats();
      if (admin !== this.#admin) return;
      this.#history.add(state, performance.now() / 1000);
      this.#state = state;
      this.#show();
      this.#failures = 0;
      // Nobody looks at these while the page is hidden; the charts go on.
      if (!document.hidden) {
        const model = this.#model;
        const decisions = await admin.decisions(model, this.#decisions.limit);
        if (admin !== this.#admin) return;
        if (model === this.#model) this.#decisions.update(decisions);
        await this.#tree.tick(
          state.models.find(({ model }) => model === this.#model)?.replicas.map(({ id }) => id) ?? [],
        );
      }
      if (admin !== this.#admin || this.#paused) return;
      this.#soon(Math.max(0, INTERVAL_MS - (performance.now() - begin)));
    } catch (error) {
      if (admin === this.#admin) this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (error instanceof Refused && error.status === 401) {
      const { hadToken } = this.#admin!;
      this.stop();
      this.#onEnd("refused", hadToken ? "The gateway does not know this token." : "");
    } else if (error instanceof Refused && error.status === 404 && ["", "unknown_path"].includes(error.code)) {
      this.stop();
      this.#onEnd("no-admin", error.message);
    } else {
      const waitMs = Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** this.#failures++);
      const why = error instanceof Refused ? error.message : "The gateway does not answer.";
      this.#say("gone", `${why} What is shown is from before; trying again.`);
      if (!this.#paused) this.#soon(waitMs);
    }
  }

  #show(): void {
    const state = this.#state;
    if (state === null || this.#admin === null) return;
    const model = state.models.find((each) => each.model === this.#model) ?? state.models[0];
    if (model === undefined) return;
    this.#model = model.model;
    this.#showModels(state);
    const samples = this.#history.of(model.model);
    this.#figures.update(state, samples);
    this.#replicas.update(model.replicas);
    this.#charts.update(samples);
    this.#tree.watch(model.tree === null ? null : this.#admin, model.model);
    if (!this.#paused) this.#say(state.draining ? "draining" : "live", state.draining ? "Shutting down" : "Live");
  }

  #showModels({ models }: GatewayState): void {
    const choice = part<HTMLSelectElement>("model");
    const names = models.map(({ model }) => model ?? "");
    if (names.join("\n") !== [...choice.options].map(({ value }) => value).join("\n")) {
      choice.replaceChildren(...names.map((name) => html("option", { value: name }, name)));
    }
    choice.value = this.#model ?? "";
    part("model-switch").hidden = names.length < 2;
  }

  #pause(paused: boolean): void {
    this.#paused = paused;
    setAttribute(part("pause"), "aria-pressed", String(paused));
    setText(part("pause"), paused ? "Go on" : "Pause");
    if (paused) {
      clearTimeout(this.#timer);
      this.#say("paused", "Paused");
    } else if (this.#admin !== null) this.#soon(0);
  }

  async #drain(id: string, draining: boolean): Promise<void> {
    this.#replicas.update(await this.#admin!.drain(this.#model, id, draining));
  }

  #say(state: string, text: string): void {
    setAttribute(part("connection"), "class", state);
    setText(part("connection"), text);
  }
}
