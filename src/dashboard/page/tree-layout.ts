import type { TreeViewNode } from "../../gateway/index.js";

/** A node's place in the picture. */
export interface Place {
  readonly node: TreeViewNode;
  readonly parent: Place | null;
  /** Row, from 0. */
  readonly depth: number;
  /** Where it begins and how wide it is, as shares of the node at the top. */
  readonly from: number;
  readonly width: number;
  readonly children: Place[];
}

/** Each node as wide as its share of the characters, its children below it, the largest first. The top is first, parents before children. */
export function layOut(top: TreeViewNode): Place[] {
  const places: Place[] = [];
  const whole = Math.max(1, top.totalChars);
  const add = (node: TreeViewNode, parent: Place | null, from: number): Place => {
    const place: Place = {
      node,
      parent,
      depth: parent === null ? 0 : parent.depth + 1,
      from,
      width: parent === null ? 1 : node.totalChars / whole,
      children: [],
    };
    places.push(place);
    let at = from;
    for (const child of node.children) {
      const placed = add(child, place, at);
      place.children.push(placed);
      at += placed.width;
    }
    return place;
  };
  add(top, null, 0);
  return places;
}

/** The part of the picture that is seen, as shares of its width. */
export interface Window {
  readonly from: number;
  readonly width: number;
}

export const ALL: Window = { from: 0, width: 1 };

const NARROWEST = 1e-4;

/** Makes the window narrower by a factor, or wider by one below 1; what is at a share of its width stays there. */
export function zoomed({ from, width }: Window, factor: number, at: number): Window {
  const narrower = Math.min(1, Math.max(NARROWEST, width / factor));
  return inside({ from: from + at * (width - narrower), width: narrower });
}

/** Moves the window by a share of its own width. */
export function moved({ from, width }: Window, by: number): Window {
  return inside({ from: from + by * width, width });
}

/** The nearest window that shows at least a part of a place that can be seen. */
export function showing(window: Window, place: Place): Window {
  const end = window.from + window.width;
  if (place.from < end && place.from + place.width > window.from) return window;
  return inside({ from: place.from + place.width / 2 - window.width / 2, width: window.width });
}

function inside({ from, width }: Window): Window {
  return { from: Math.min(1 - width, Math.max(0, from)), width };
}

/** Where a key leads to from a place; null for one that leads nowhere. */
export function neighbour(place: Place, key: string): Place | null {
  if (key === "ArrowDown") return place.children[0] ?? null;
  if (key === "ArrowUp") return place.parent;
  const siblings = place.parent?.children ?? [place];
  const at = siblings.indexOf(place);
  if (key === "ArrowRight") return siblings[at + 1] ?? null;
  if (key === "ArrowLeft") return siblings[at - 1] ?? null;
  if (key === "Home") return siblings[0] ?? null;
  if (key === "End") return siblings.at(-1) ?? null;
  return null;
}
