// The API as one page of Markdown, for people: each entry point, in it each class with its methods and each interface as a
// table; the policies; the command.
import { Links } from "./links.js";
import type { Api, CommandHelp, EntryPoint, Item, Method, Policy, Property, Signature } from "./model.js";
import { policyOptions } from "./policy-options.js";

const INTRODUCTION = `# API reference

Made by \`npm run docs\` from the types and their comments; \`npm run check\` fails when it is not current.

Lengths are characters (Unicode code points), times seconds, sizes bytes, unless a name says otherwise (\`Ms\`: milliseconds).
\`?\` marks what may be left out.`;

/** In which order the things of an entry point come. */
const KINDS: readonly Item["kind"][] = ["class", "function", "interface", "type", "constant"];

/** A longer signature is broken at its parameters, a longer union at its members. */
const LONGEST_LINE = 100;

export function renderApi(api: Api, commands: readonly CommandHelp[]): string {
  const entryPoints = api.entryPoints.map((each) => ({ ...each, items: sorted(each.items) }));
  return new Page({ ...api, entryPoints }, commands).render();
}

function sorted(items: readonly Item[]): Item[] {
  const rank = ({ isExported, kind, name }: Item) => `${isExported ? 0 : 1}${KINDS.indexOf(kind)}${name.toLowerCase()}`;
  return [...items].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

class Page {
  readonly #api: Api;
  readonly #commands: readonly CommandHelp[];
  readonly #links = new Links();

  constructor(api: Api, commands: readonly CommandHelp[]) {
    this.#api = api;
    this.#commands = commands;
    this.#placeHeadings();
  }

  #placeHeadings(): void {
    const links = this.#links;
    links.place("API reference");
    for (const { specifier, items } of this.#api.entryPoints) {
      links.place(specifier, specifier);
      for (const item of items) {
        links.place(`${item.kind} ${item.name}`, item.name);
        for (const { name } of item.methods) links.place(name, `${item.name}.${name}`);
      }
    }
    if (this.#api.policies.length > 0) links.place("Policies", "Policies");
    for (const { name } of this.#api.policies) links.place(name, name);
    links.place("The command", "The command");
    for (const { command } of this.#commands) links.place(command);
  }

  render(): string {
    const sections = this.#api.entryPoints.map((each) => this.#entryPoint(each));
    return `${blocks(INTRODUCTION, this.#contents(), ...sections, this.#policies(), this.#command())}\n`;
  }

  #contents(): string {
    const links = this.#links;
    const entryPoints = this.#api.entryPoints.map(({ specifier, items }) => {
      const names = items.filter(({ isExported }) => isExported).map(({ name }) => links.to(name));
      return `- ${links.to(specifier)}:\n  ${names.join(",\n  ")}`;
    });
    const policies = this.#api.policies.map(({ name }) => links.to(name)).join(",\n  ");
    return [
      ...entryPoints,
      ...(policies === "" ? [] : [`- ${links.to("Policies", "Policies")}:\n  ${policies}`]),
      `- ${links.to("The command", "The command")}`,
    ].join("\n");
  }

  #entryPoint({ specifier, about, items, elsewhere }: EntryPoint): string {
    const also = elsewhere.map((name) => this.#links.to(name)).join(", ");
    return blocks(
      `## ${specifier}`,
      this.#links.prose(about),
      also === "" ? "" : `Exported here too: ${also}.`,
      ...items.map((item) => this.#item(item)),
    );
  }

  #item(item: Item): string {
    this.#links.subject = item.name;
    const described = blocks(
      `### ${item.kind} \`${item.name}\``,
      item.isExported ? "" : "Named by the above; not exported.",
      item.heritage === "" ? "" : this.#links.type(item.heritage),
      this.#links.prose(item.doc),
      item.code === "" ? "" : code(item.code),
      signatures(item.signatures),
      this.#tags(item),
      this.#properties(item.properties),
      ...item.methods.map((method) => this.#method(method)),
    );
    this.#links.subject = "";
    return described;
  }

  #method(method: Method): string {
    return blocks(
      `#### ${method.name}`,
      signatures(method.signatures),
      this.#links.prose(method.doc),
      this.#tags(method),
    );
  }

  #tags({ tags }: Item | Method): string {
    const lines = tags
      .filter(({ name }) => name !== "example")
      .map(({ name, text }) => {
        const prose = this.#links.prose(text).replace(/\s*\n\s*/g, "\n  ");
        return name === "param" ? `- ${prose.replace(/^\S+/, "`$&`:")}` : `- ${name}: ${prose}`;
      });
    return blocks(lines.join("\n"), ...tags.filter(({ name }) => name === "example").map(({ text }) => text));
  }

  /** A table of its own properties; of those that a described interface has, the names. */
  #properties(properties: readonly Property[]): string {
    const isElsewhere = ({ from }: Property) => from !== null && this.#links.has(from);
    const rows = properties.filter((each) => !isElsewhere(each)).map((each) => this.#row(each));
    const bases = new Set(properties.filter(isElsewhere).map(({ from }) => from!));
    return blocks(
      table(["name", "type", "meaning"], rows),
      ...[...bases].map((base) => {
        const names = properties.filter(({ from }) => from === base).map(({ name }) => `\`${name}\``);
        return `And those of ${base === "Policies" ? `its ${this.#links.to(base, "policy")}` : this.#links.to(base)}: ${names.join(", ")}.`;
      }),
    );
  }

  #row({ name, isOptional, type, doc, tags }: Property): string[] {
    const notes = tags.map((tag) => `${tag.name}: ${tag.text}`);
    const meaning = this.#links
      .prose([doc, ...notes].filter((each) => each !== "").join("\n"))
      .replace(/\n+- /g, "<br>- ")
      .replace(/\s*\n\s*/g, " ");
    return [`\`${name}${isOptional ? "?" : ""}\``, this.#links.type(type), meaning];
  }

  #policies(): string {
    if (this.#api.policies.length === 0) return "";
    return blocks("## Policies", ...this.#api.policies.map((policy) => this.#policy(policy)));
  }

  /** Its comment: a sentence, then paragraphs `Rule: …`, `Formula: …`, which become a list. */
  #policy({ name, doc }: Policy): string {
    this.#links.subject = name;
    const [sentence = "", ...paragraphs] = doc.split("\n\n");
    const details = paragraphs
      .flatMap((paragraph) => paragraph.split("\n"))
      .map((line) => {
        if (/^[A-Z][a-z]+: 1\. /.test(line)) return line.replace(/^(\w+): /, "- **$1**:\n  ");
        if (/^[A-Z][a-z]+(, [a-z ]+)?: /.test(line)) return line.replace(/^\w+/, "- **$&**");
        return `  ${line}`;
      });
    const described = blocks(
      `### ${name}`,
      this.#links.prose(sentence[0]?.toUpperCase() + sentence.slice(1)),
      this.#links.prose(details.join("\n")),
      table(
        ["option", "default", "unit", "meaning"],
        policyOptions(name).map((option) => [`\`${option.name}\``, option.default, option.unit, option.about]),
      ),
    );
    this.#links.subject = "";
    return described;
  }

  #command(): string {
    const sections = this.#commands.map(({ command, text }) => blocks(`### ${command}`, fenced("text", text)));
    return blocks("## The command", ...sections);
  }
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const lines = [columns, columns.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n");
}

function signatures(all: readonly Signature[]): string {
  return all.length === 0 ? "" : fenced("ts", all.map(signature).join("\n"));
}

function signature({ head, parameters, result }: Signature): string {
  const end = result === null ? "" : `: ${result}`;
  const line = `${head}(${parameters.join(", ")})${end}`;
  if (line.length <= LONGEST_LINE) return line;
  return `${head}(\n${parameters.map((parameter) => `  ${parameter},\n`).join("")})${end}`;
}

/** A long union of words goes one a line. */
function code(text: string): string {
  const isLong = text.length > LONGEST_LINE && !text.includes("\n");
  return fenced("ts", isLong ? text.replace(/ = /, " = | ").replaceAll(/ \| /g, "\n  | ") : text);
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

function blocks(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n\n");
}
