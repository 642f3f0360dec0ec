/** Where on the page each name is described, and text in which such names are links. */
export class Links {
  readonly #anchors = new Map<string, string>();
  readonly #slugs = new Map<string, number>();
  /** What is being described: it needs no link to itself, and its members are meant by their names alone. */
  subject = "";

  /**
   * To be called for every heading in the page's order, since GitHub numbers equal ones.
   * @param name what the heading describes, if a link may lead to it; a member as `Owner.member`.
   */
  place(heading: string, name?: string): void {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-");
    const times = this.#slugs.get(slug) ?? 0;
    this.#slugs.set(slug, times + 1);
    if (name !== undefined) this.#anchors.set(name, times === 0 ? slug : `${slug}-${times}`);
  }

  has(name: string): boolean {
    return this.#anchors.has(name);
  }

  to(name: string, text: string = `\`${name}\``): string {
    return `[${text}](#${this.#anchors.get(name)})`;
  }

  /** Text whose code is a name (`Router`, `Router.route`, `route` within Router) with links. */
  prose(text: string): string {
    return text.replace(/`([A-Za-z_][\w/]*)((?:\.\w+)?)`/g, (code, name: string, member: string) => {
      const target = [`${this.subject}.${name}`, `${name}${member}`, name].find((each) => this.has(each));
      return target === undefined || target === this.subject ? code : this.to(target, code);
    });
  }

  /** A type as code between the names that are links. */
  type(text: string): string {
    const pieces = text.replace(/\s+/g, " ").split(/\b([A-Z]\w*)\b/);
    const merged: { text: string; isLink: boolean }[] = [];
    for (const piece of pieces) {
      const isLink = piece !== this.subject && this.has(piece);
      const last = merged.at(-1);
      if (last === undefined || isLink || last.isLink) merged.push({ text: piece, isLink });
      else last.text += piece;
    }
    return merged.map(({ text, isLink }) => (isLink ? this.to(text) : inCode(text))).join("");
  }
}

/** Spaces at its ends stay outside, so that they show. */
function inCode(text: string): string {
  const inner = text.trim();
  return inner === "" ? text : text.replace(inner, () => `\`${inner}\``);
}
