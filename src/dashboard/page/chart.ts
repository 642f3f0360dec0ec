import { html, setAttribute, setText, svg } from "./element.js";
import { duration, NOTHING } from "./format.js";

/** One line of a chart. */
export interface Line {
  readonly name: string;
  /** A class that sets `--colour`. */
  readonly colour: string;
  /** One for each time; null is a gap. */
  readonly values: readonly (number | null)[];
}

export interface ChartLook {
  readonly title: string;
  readonly format: (value: number | null) => string;
  /** Upper end of the scale; else it follows the values. */
  readonly most?: number;
  /** Whether lines stand upon each other, as filled areas. */
  readonly stacked?: boolean;
  /** What is said where there is no value at all. */
  readonly empty: string;
}

/** The drawing's own units; it is stretched to its place. */
const WIDTH = 600;
const HEIGHT = 150;

/** Lines over the last minutes, with a mark that all charts move together. */
export class Chart {
  readonly element: HTMLElement;
  readonly #look: ChartLook;
  readonly #legend = html("dl", { class: "legend" });
  readonly #drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
  readonly #shapes = svg("g");
  readonly #mark = svg("line", { y1: 0, y2: HEIGHT, class: "mark" });
  readonly #scale = html("div", { class: "scale", "aria-hidden": "true" }, html("span"), html("span"), html("span"));
  readonly #note = html("p", { class: "quiet empty" });
  readonly #begin = html("span");
  #spanS = 1;
  #times: readonly number[] = [];
  #lines: readonly Line[] = [];

  /** @param onPoint is told which time is pointed at: seconds before the last one, 0 once nothing is. */
  constructor(look: ChartLook, onPoint: (ageS: number) => void) {
    this.#look = look;
    this.#drawing.append(
      ...[0, HEIGHT / 2, HEIGHT].map((y) => svg("line", { x1: 0, x2: WIDTH, y1: y, y2: y, class: "grid" })),
      this.#shapes,
      this.#mark,
    );
    const plot = html("div", { class: "plot" }, this.#scale, this.#drawing, this.#note);
    const ages = html("div", { class: "ages", "aria-hidden": "true" }, this.#begin, html("span", {}, "now"));
    const title = html("h3", {}, look.title);
    this.element = html("figure", { class: "panel chart" }, html("figcaption", {}, title, this.#legend), plot, ages);
    this.#drawing.addEventListener("pointermove", (event) => {
      const { left, width } = this.#drawing.getBoundingClientRect();
      onPoint(Math.round((1 - (event.clientX - left) / width) * this.#spanS));
    });
    this.#drawing.addEventListener("pointerleave", () => onPoint(0));
  }

  /** @param times of the values, in seconds, the last one now. @param spanS how far back it goes. */
  update(times: readonly number[], lines: readonly Line[], spanS: number): void {
    this.#spanS = spanS;
    setText(this.#begin, `${duration(spanS)} ago`);
    this.#times = times;
    this.#lines = lines;
    this.#draw();
  }

  /** Shows the values of that time. */
  point(ageS: number): void {
    const index = this.#indexOf(ageS);
    const known = index !== null && this.#times.length > 0;
    const x = known ? this.#x(this.#times[index]!) : WIDTH;
    setAttribute(this.#mark, "visibility", ageS === 0 || !known ? "hidden" : "visible");
    setAttribute(this.#mark, "x1", x);
    setAttribute(this.#mark, "x2", x);
    while (this.#legend.childElementCount > this.#lines.length) this.#legend.lastElementChild!.remove();
    this.#lines.forEach(({ name, colour, values }, i) => {
      let entry = this.#legend.children[i];
      if (entry === undefined) {
        entry = html("div", {}, html("dt"), html("dd"));
        this.#legend.append(entry);
      }
      setAttribute(entry, "class", colour);
      setText(entry.firstElementChild!, name);
      setText(entry.lastElementChild!, known ? this.#look.format(values[index]!) : NOTHING);
    });
  }

  #draw(): void {
    const { title, stacked = false, format, empty } = this.#look;
    const tops = stacked ? stack(this.#lines) : this.#lines.map(({ values }) => values);
    const values = tops.flat().filter((value) => value !== null);
    setText(this.#note, values.length === 0 ? empty : "");
    const most = this.#look.most ?? roundUp(Math.max(0, ...values));
    const y = (value: number) => HEIGHT - (value / most) * HEIGHT;
    for (const [i, value] of [most, most / 2, 0].entries()) {
      setText(this.#scale.children[i]!, values.length === 0 ? "" : format(value));
    }
    const latest = this.#lines.map(({ name, values: of }) => `${name} ${format(of.at(-1) ?? null)}`);
    setAttribute(
      this.#drawing,
      "aria-label",
      `${title}, over the last ${duration(this.#spanS)}. Now: ${latest.join(", ")}`,
    );
    const edges = this.#lines.map(({ colour, values: own }, i) => {
      // Where nothing is on top of the others there is no edge.
      const there = stacked ? tops[i]!.map((top, at) => (own[at] === 0 ? null : top)) : own;
      return svg("path", { d: this.#path(there, y), class: `line ${colour}` });
    });
    const areas = this.#lines.map(({ colour }, i) =>
      svg("path", { d: this.#area(tops[i]!, tops[i - 1], y), class: `area ${colour}` }),
    );
    this.#shapes.replaceChildren(...(stacked ? areas : []), ...edges);
  }

  #path(values: readonly (number | null)[], y: (value: number) => number): string {
    let path = "";
    let pen = "M";
    values.forEach((value, i) => {
      if (value === null) {
        pen = "M";
        return;
      }
      path += `${pen}${this.#x(this.#times[i]!).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = "L";
    });
    return path;
  }

  /** Between a line and the one below it, or the ground. */
  #area(
    values: readonly (number | null)[],
    below: readonly (number | null)[] | undefined,
    y: (value: number) => number,
  ): string {
    const points = values.flatMap((value, i) => {
      if (value === null) return [];
      return [{ x: this.#x(this.#times[i]!), top: y(value), bottom: y(below?.[i] ?? 0) }];
    });
    const there = points.map(({ x, top }) => `${x.toFixed(1)} ${top.toFixed(1)}`);
    const back = points.map(({ x, bottom }) => `${x.toFixed(1)} ${bottom.toFixed(1)}`).reverse();
    return points.length === 0 ? "" : `M${[...there, ...back].join("L")}Z`;
  }

  #x(timeS: number): number {
    return WIDTH - ((this.#times.at(-1)! - timeS) / this.#spanS) * WIDTH;
  }

  /** Of the time next to it; null where there was none. */
  #indexOf(ageS: number): number | null {
    const wanted = this.#times.at(-1)! - ageS;
    const after = this.#times.findIndex((time) => time >= wanted - 0.5);
    return after === -1 || this.#times[after]! > wanted + 2 ? null : after;
  }
}

/** Each line on top of those before it. */
function stack(lines: readonly Line[]): (number | null)[][] {
  const sums: number[] = [];
  return lines.map(({ values }) =>
    values.map((value, i) => {
      if (value === null) return null;
      sums[i] = (sums[i] ?? 0) + value;
      return sums[i]!;
    }),
  );
}

/** To a number that is easy to read, and to halve. */
function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 8, 10].find((step) => value <= step * power)! * power;
}
