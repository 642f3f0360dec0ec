/** A DOM element with properties and children: all text is set as text, never as markup. */
export function element(name, properties = {}, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** The letter of a replica in its colour. */
export function badge(id) {
  const made = element("b", { className: "badge", textContent: id });
  made.dataset.replica = id;
  return made;
}
