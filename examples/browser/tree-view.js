import { badge, element } from "./element.js";

/** Shows a router's tree as nested lists; what the last request has changed is marked. */
export class TreeView {
  #container;
  #onChoose;
  #known = new Set();

  /** @param onChoose called with the text from the root to the end of the piece that was chosen. */
  constructor(container, onChoose) {
    this.#container = container;
    this.#onChoose = onChoose;
  }

  /** @param changed the replica whose text was inserted last; its path is marked. */
  show(tree, prompt = null, changed = null) {
    const { nodes } = tree.inspect();
    const paths = [];
    const lists = [];
    const known = new Set();
    nodes.forEach(({ parent, text, times }, i) => {
      paths.push((paths[parent] ?? "") + text);
      known.add(paths[i]);
      const children = element("ul");
      lists.push(children);
      if (parent < 0) return;
      const isNew = !this.#known.has(paths[i]);
      // A new piece with an old one below it is where an old piece was cut in two.
      const isSplit = isNew && nodes.some((node, j) => node.parent === i && this.#known.has(paths[i] + nodes[j].text));
      const onPath = changed !== null && times.has(changed) && prompt.startsWith(paths[i]);
      const piece = element("button", { type: "button", className: "piece", title: paths[i] }, [
        element("span", { className: "text", textContent: visible(text) }),
        element("span", { className: "owners" }, [...times.keys()].map(badge)),
        ...(isNew ? [element("span", { className: "mark", textContent: isSplit ? "split here" : "new" })] : []),
      ]);
      piece.classList.toggle("on-path", onPath);
      piece.classList.toggle("new", isNew);
      piece.addEventListener("click", () => this.#onChoose(paths[i]));
      lists[parent].append(element("li", {}, [piece, children]));
    });
    this.#known = known;
    this.#container.replaceChildren(
      nodes.length > 1
        ? lists[0]
        : element("p", { className: "empty", textContent: "Empty: nothing has been sent yet." }),
    );
  }
}

/** Spaces at the ends of a piece are part of it, and would not be seen. */
function visible(text) {
  const spaces = (run) => "␣".repeat(run.length);
  return text.replace(/^ +/, spaces).replace(/ +$/, spaces).replaceAll("\n", "⏎\n");
}
