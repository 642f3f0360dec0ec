import type { TreeViewNode } from "../../gateway/index.js";
import type { Colours } from "./colours.js";
import { html, setAttribute, svg } from "./element.js";
import { counted, short, whole } from "./format.js";
import { ALL, layOut, moved, neighbour, type Place, showing, type Window, zoomed } from "./tree-layout.js";

export interface IcicleEvents {
  /** A node is selected: that of the keyboard, or one that was clicked. */
  onSelect(node: TreeViewNode, children: number): void;
  /** A node is to be the top of the picture. */
  onEnter(node: TreeViewNode): void;
  /** The top's parent is to be the top. */
  onLeave(): void;
}

/** Pixels. */
const ROW = 24;
/** Narrower ones are not drawn. */
const NARROWEST = 1;
/** A letter of the labels is about so wide. */
const LETTER = 6.6;
/** Of more owners than that it only shows that there are many. */
const MOST_BANDS = 8;
/** A pointer that has moved so far drags. */
const DRAG = 4;
const ZOOM = 1.5;

/**
 * The tree as rows of bars: a bar's children are below it, its width are its characters and theirs, and its colours are its owners'.
 * Ctrl and the wheel zoom, dragging moves; arrows go to neighbours, Enter makes a node the top, Backspace its parent, + and - zoom.
 */
export class Icicle {
  readonly element: HTMLElement;
  readonly #drawing = svg("svg", { role: "presentation", width: "100%" });
  readonly #bands = svg("defs");
  readonly #bars = svg("g", { role: "presentation" });
  readonly #colours: Colours;
  readonly #events: IcicleEvents;
  #places: readonly Place[] = [];
  #selected: Place | null = null;
  #window: Window = ALL;
  #dragging: { x: number; from: Window; moved: boolean } | null = null;

  constructor(colours: Colours, events: IcicleEvents) {
    this.#colours = colours;
    this.#events = events;
    this.element = html(
      "div",
      { class: "icicle", role: "tree", tabindex: 0, "aria-label": "Prefix tree" },
      this.#drawing,
    );
    this.#drawing.append(this.#bands, this.#bars);
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
    this.element.addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
    this.element.addEventListener("pointerdown", (event) => this.#onDown(event));
    this.element.addEventListener("pointermove", (event) => this.#onMove(event));
    this.element.addEventListener("pointerup", (event) => this.#onUp(event));
    this.element.addEventListener("pointercancel", () => {
      this.#dragging = null;
    });
    this.element.addEventListener("dblclick", (event) => {
      const place = this.#placeAt(event);
      if (place !== null) this.#enter(place);
    });
    new ResizeObserver(() => this.#draw()).observe(this.element);
  }

  /** @param isNew whether it is another part of the tree, not the same a moment later. */
  show(top: TreeViewNode | null, isNew: boolean): void {
    const before = isNew ? undefined : this.#selected?.node.path;
    this.#places = top === null ? [] : layOut(top);
    if (isNew) this.#window = ALL;
    this.#selected = this.#places.find(({ node }) => node.path === before) ?? this.#places[0] ?? null;
    this.#draw();
    this.#tell();
  }

  zoom(factor: number): void {
    const place = this.#selected;
    // Towards what is selected, if it can be seen.
    const at = place === null ? 0.5 : (place.from + place.width / 2 - this.#window.from) / this.#window.width;
    this.#see(zoomed(this.#window, factor, at >= 0 && at <= 1 ? at : 0.5));
  }

  reset(): void {
    this.#see(ALL);
  }

  #see(window: Window): void {
    this.#window = window;
    this.#draw();
  }

  #select(place: Place): void {
    this.#selected = place;
    this.#see(showing(this.#window, place));
    this.#tell();
  }

  #tell(): void {
    const place = this.#selected;
    if (place !== null) this.#events.onSelect(place.node, place.children.length + place.node.hidden);
  }

  #enter(place: Place): void {
    if (place.parent === null) this.#select(place);
    else this.#events.onEnter(place.node);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || this.#selected === null) return;
    const { key } = event;
    if (key === "+" || key === "=") this.zoom(ZOOM);
    else if (key === "-") this.zoom(1 / ZOOM);
    else if (key === "0") this.reset();
    else if (key === "Enter") this.#enter(this.#selected);
    else if (key === "Backspace") this.#events.onLeave();
    else {
      const next = neighbour(this.#selected, key);
      if (next !== null) this.#select(next);
      // An arrow does not scroll the page from within the tree.
      else if (!key.startsWith("Arrow") && key !== "Home" && key !== "End") return;
    }
    event.preventDefault();
  }

  #onWheel(event: WheelEvent): void {
    if (event.ctrlKey || event.metaKey) {
      this.#see(zoomed(this.#window, 1.002 ** -event.deltaY, this.#shareAt(event)));
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.#see(moved(this.#window, event.deltaX / this.#width));
    } else return;
    event.preventDefault();
  }

  #onDown(event: PointerEvent): void {
    if (event.button === 0) this.#dragging = { x: event.clientX, from: this.#window, moved: false };
  }

  #onMove(event: PointerEvent): void {
    const drag = this.#dragging;
    if (drag === null) return;
    const by = event.clientX - drag.x;
    if (!drag.moved && Math.abs(by) < DRAG) return;
    if (!drag.moved) this.element.setPointerCapture(event.pointerId);
    drag.moved = true;
    this.#see(moved(drag.from, -by / this.#width));
  }

  #onUp(event: PointerEvent): void {
    const drag = this.#dragging;
    this.#dragging = null;
    if (drag === null || drag.moved) return;
    const place = this.#placeAt(event);
    if (place !== null) this.#select(place);
  }

  /** The element's own border is no part of it. */
  get #width(): number {
    return Math.max(1, this.element.clientWidth);
  }

  #shareAt(event: MouseEvent): number {
    return (event.clientX - this.#drawing.getBoundingClientRect().left) / this.#width;
  }

  #placeAt(event: MouseEvent): Place | null {
    const row = Math.floor((event.clientY - this.#drawing.getBoundingClientRect().top) / ROW);
    const at = this.#window.from + this.#shareAt(event) * this.#window.width;
    return this.#places.find((each) => each.depth === row && each.from <= at && at < each.from + each.width) ?? null;
  }

  #draw(): void {
    const scale = this.#width / this.#window.width;
    const bands = new Map<string, SVGElement>();
    const bars: SVGElement[] = [];
    let rows = 0;
    let active: string | null = null;
    for (const [i, place] of this.#places.entries()) {
      const left = (place.from - this.#window.from) * scale;
      const wide = place.width * scale;
      const isSelected = place === this.#selected;
      if ((wide < NARROWEST && !isSelected) || left > this.#width || left + wide < 0) continue;
      rows = Math.max(rows, place.depth + 1);
      if (isSelected) active = `tree-node-${i}`;
      bars.push(this.#bar(place, i, left, Math.max(NARROWEST, wide), bands));
    }
    setAttribute(this.#drawing, "height", rows * ROW);
    this.#bands.replaceChildren(...bands.values());
    this.#bars.replaceChildren(...bars);
    if (active === null) this.element.removeAttribute("aria-activedescendant");
    else setAttribute(this.element, "aria-activedescendant", active);
  }

  #bar(place: Place, i: number, left: number, wide: number, bands: Map<string, SVGElement>): SVGElement {
    const { node, depth } = place;
    const isSelected = place === this.#selected;
    // What is outside of the window needs no pixels, and a label has to begin within it.
    const x = Math.max(left, -2);
    const width = Math.min(left + wide, this.#width + 2) - x;
    const gap = width > 4 ? 1 : 0;
    const y = depth * ROW;
    const label = labelOf(place);
    const letters = Math.floor((width - 10) / LETTER);
    const shown = letters >= Math.min(label.length, 4) ? label.slice(0, letters) : "";
    return svg(
      "g",
      {
        id: `tree-node-${i}`,
        role: "treeitem",
        "aria-level": depth + 1,
        "aria-selected": isSelected ? "true" : "false",
        "aria-label": `${label}: ${figuresOf(place)}`,
        class: isSelected ? "selected" : null,
      },
      svg("rect", { x, y, width: width - gap, height: ROW - 1, ...this.#fill(node, bands) }),
      shown === "" ? null : svg("text", { x: x + 5, y: y + ROW / 2 + 4, "aria-hidden": "true" }, shown),
    );
  }

  /** Its owners' colours, as bands on top of each other; a gradient for each set of owners. */
  #fill({ owners }: TreeViewNode, bands: Map<string, SVGElement>): { class: string; fill?: string } {
    if (owners.length === 0 || owners.length > MOST_BANDS) return { class: "many" };
    const colours = owners.map(({ replica }) => this.#colours.of(replica)).sort();
    if (colours.length === 1) return { class: `one ${colours[0]}` };
    const id = `bands-${colours.map((colour) => colour.slice("colour-".length)).join("-")}`;
    if (!bands.has(id)) {
      const stops = colours.flatMap((colour, i) =>
        [i, i + 1].map((edge) => svg("stop", { offset: edge / colours.length, class: colour })),
      );
      bands.set(id, svg("linearGradient", { id, x1: 0, y1: 0, x2: 0, y2: 1 }, ...stops));
    }
    return { class: "several", fill: `url(#${id})` };
  }
}

/** What is written on it. */
function labelOf({ node }: Place): string {
  return node.text || (node.path === "" ? `${short(node.totalChars)} characters` : short(node.chars));
}

function figuresOf({ node, children }: Place): string {
  const below = children.length + node.hidden;
  const owners = node.owners.map(({ replica }) => replica).join(", ") || "nobody";
  return `${whole(node.chars)} characters, ${whole(node.totalChars)} with what is below, ${counted(below, "child", "children")}, of ${owners}`;
}
