import { Chart, type ChartLook, type Line } from "./chart.js";
import type { Colours } from "./colours.js";
import { part, setAttribute, setText } from "./element.js";
import { duration, fine, milliseconds, percent, short } from "./format.js";
import { rates, type Sample, spanOf } from "./history.js";

interface Kind extends ChartLook {
  lines(samples: readonly Sample[], colours: Colours): Line[];
}

/** Seconds that a rate is taken over: what comes once a second is no curve. */
const RATE_S = 3;
/** A share of what few requests there are in a second says little. */
const SHARE_S = 10;

/** Of more replicas only the spread is shown. */
const MOST_LINES = 8;

const KINDS: readonly Kind[] = [
  {
    title: "Requests a second, by how they ended",
    format: fine,
    stacked: true,
    empty: "No request has ended yet.",
    lines: (samples) =>
      (
        [
          ["completed", "good"],
          ["client left", "muted"],
          ["refused", "warning"],
          ["failed", "bad"],
        ] as const
      ).map(([name, colour]) => {
        const group = name === "client left" ? "left" : name;
        return { name, colour, values: rates(samples, RATE_S, ({ groups }) => groups[group]) };
      }),
  },
  {
    title: "Time to first token, of streams",
    format: milliseconds,
    empty: "No streamed answer has ended.",
    lines: (samples) => [
      { name: "median", colour: "first", values: samples.map(({ model }) => model.ttftMs?.p50 ?? null) },
      { name: "95th percentile", colour: "second", values: samples.map(({ model }) => model.ttftMs?.p95 ?? null) },
    ],
  },
  {
    title: "Hit ratio, share of all characters",
    format: percent,
    most: 1,
    empty: "No request was routed by a tree.",
    lines: (samples) =>
      (
        [
          ["there was", "hitAvailable", "muted"],
          ["chosen", "hitChosen", "first"],
          ["reported", "hitDelivered", "good"],
        ] as const
      ).map(([name, count, colour]) => ({
        name,
        colour,
        values: rates(
          samples,
          SHARE_S,
          ({ model }) => model.decisions[count],
          ({ model }) => model.decisions.textChars,
        ).map((share) => (share === null ? null : Math.min(1, share))),
      })),
  },
  {
    title: "Requests under way, by replica",
    format: short,
    empty: "There is no replica.",
    lines: (samples, colours) => {
      const replicas = samples.at(-1)?.model.replicas ?? [];
      if (replicas.length > MOST_LINES) return spread(samples);
      return replicas.map(({ id }) => ({
        name: id,
        colour: colours.of(id),
        values: samples.map(({ model }) => model.replicas.find((replica) => replica.id === id)?.queueLength ?? null),
      }));
    },
  },
  {
    title: "Requests that wait for a place",
    format: short,
    empty: "",
    lines: (samples) => [{ name: "waiting", colour: "warning", values: samples.map(({ model }) => model.queued) }],
  },
  {
    title: "Characters in the tree",
    format: short,
    empty: "This policy has no tree.",
    lines: (samples) => [
      { name: "of all replicas", colour: "first", values: samples.map(({ model }) => model.tree?.chars ?? null) },
    ],
  },
];

/** Most, mean and least of the replicas' requests. */
function spread(samples: readonly Sample[]): Line[] {
  const line = (name: string, colour: string, of: (lengths: readonly number[]) => number): Line => ({
    name,
    colour,
    values: samples.map(({ model }) => {
      const lengths = model.replicas.map(({ queueLength }) => queueLength);
      return lengths.length === 0 ? null : of(lengths);
    }),
  });
  return [
    line("most", "second", (lengths) => Math.max(...lengths)),
    line("mean", "first", (lengths) => lengths.reduce((sum, each) => sum + each, 0) / lengths.length),
    line("least", "muted", (lengths) => Math.min(...lengths)),
  ];
}

/** All charts, and the one time that they show the values of. */
export class Charts {
  readonly #colours: Colours;
  readonly #charts: readonly { readonly kind: Kind; readonly chart: Chart }[];
  readonly #cursor = part<HTMLInputElement>("cursor");

  constructor(colours: Colours) {
    this.#colours = colours;
    this.#charts = KINDS.map((kind) => ({
      kind,
      chart: new Chart(kind, (ageS) => {
        this.#cursor.value = String(-ageS);
        this.#point();
      }),
    }));
    part("charts").append(...this.#charts.map(({ chart }) => chart.element));
    this.#cursor.addEventListener("input", () => this.#point());
    this.#point();
  }

  update(samples: readonly Sample[]): void {
    const times = samples.map(({ atS }) => atS);
    const spanS = spanOf(samples);
    setAttribute(this.#cursor, "min", -spanS);
    setText(part("charts-title"), `The last ${spanS === 60 ? "minute" : duration(spanS).replace("min", "minutes")}`);
    for (const { kind, chart } of this.#charts) chart.update(times, kind.lines(samples, this.#colours), spanS);
    this.#point();
  }

  get #ageS(): number {
    return -Number(this.#cursor.value);
  }

  #point(): void {
    const when = this.#ageS === 0 ? "now" : `${duration(this.#ageS)} ago`;
    setText(part("cursor-time"), when);
    this.#cursor.setAttribute("aria-valuetext", when);
    for (const { chart } of this.#charts) chart.point(this.#ageS);
  }
}
