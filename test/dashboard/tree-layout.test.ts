import { describe, expect, test } from "vitest";
import { ALL, layOut, moved, neighbour, showing, zoomed } from "../../src/dashboard/page/tree-layout.js";
import type { TreeViewNode } from "../../src/gateway/index.js";
import fc from "../properties.js";

function node(path: string, chars: number, children: TreeViewNode[] = []): TreeViewNode {
  const totalChars = children.reduce((sum, child) => sum + child.totalChars, chars);
  return { path, chars, totalChars, children, owners: [], hidden: 0 };
}

const TREE = node("", 0, [node("0", 20, [node("0.0", 40), node("0.1", 20)]), node("1", 20)]);

describe("the picture of a tree", () => {
  test("gives each node the width of its characters and of those below it", () => {
    const places = layOut(TREE).map(({ node: { path }, depth, from, width }) => [path, depth, from, width]);
    expect(places).toEqual([
      ["", 0, 0, 1],
      ["0", 1, 0, 0.8],
      ["0.0", 2, 0, 0.4],
      ["0.1", 2, 0.4, 0.2],
      ["1", 1, 0.8, 0.2],
    ]);
  });

  test("has nothing beside its parent, and no two side by side that overlap", () => {
    const trees = fc.letrec<{ tree: TreeViewNode }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.nat(1000).map((chars) => node("", chars)),
        fc.tuple(fc.nat(1000), fc.array(tie("tree"), { maxLength: 4 })).map(([chars, below]) => node("", chars, below)),
      ),
    })).tree;
    fc.assert(
      fc.property(trees, (tree) => {
        const slack = 1e-9;
        for (const { from, width, parent, children } of layOut(tree)) {
          if (parent !== null) {
            expect(from).toBeGreaterThanOrEqual(parent.from - slack);
            expect(from + width).toBeLessThanOrEqual(parent.from + parent.width + slack);
          }
          children.reduce((end, child) => {
            expect(child.from).toBeGreaterThanOrEqual(end - slack);
            return child.from + child.width;
          }, from);
        }
      }),
    );
  });

  test("is walked by arrows", () => {
    const places = layOut(TREE);
    const walk = (...keys: string[]) =>
      keys.reduce((place, key) => neighbour(place, key) ?? place, places[0]!).node.path;
    expect(walk("ArrowDown")).toBe("0");
    expect(walk("ArrowDown", "ArrowRight")).toBe("1");
    expect(walk("ArrowDown", "ArrowDown", "End")).toBe("0.1");
    expect(walk("ArrowDown", "ArrowDown", "End", "Home", "ArrowUp")).toBe("0");
    expect(walk("ArrowUp")).toBe("");
    expect(walk("ArrowLeft")).toBe("");
  });
});

describe("the window onto it", () => {
  test("zooms about a point that stays where it is", () => {
    expect(zoomed(ALL, 2, 0.5)).toEqual({ from: 0.25, width: 0.5 });
    expect(zoomed(zoomed(ALL, 4, 0), 0.25, 0.9)).toEqual(ALL);
  });

  test("never leaves the picture", () => {
    const step = fc.tuple(
      fc.constantFrom("zoom", "move"),
      fc.double({ min: -3, max: 3, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const { from, width } = steps.reduce(
          (window, [kind, by, at]) => (kind === "zoom" ? zoomed(window, 2 ** by, at) : moved(window, by)),
          ALL,
        );
        expect(from).toBeGreaterThanOrEqual(0);
        expect(width).toBeGreaterThan(0);
        expect(from + width).toBeLessThanOrEqual(1 + 1e-9);
      }),
    );
  });

  test("follows what is selected", () => {
    const last = layOut(TREE).at(-1)!;
    const window = showing({ from: 0, width: 0.1 }, last);
    expect(window.from).toBeCloseTo(0.85);
    expect(showing(window, last)).toBe(window);
  });
});
