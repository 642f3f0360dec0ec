import {
  type ClassDeclaration,
  type ClassElement,
  type InterfaceDeclaration,
  isClassDeclaration,
  isConstructorDeclaration,
  isFunctionDeclaration,
  isHeritageClause,
  isInterfaceDeclaration,
  isMethodDeclaration,
  isMethodSignatureDeclaration,
  isPrivateIdentifier,
  isTypeAliasDeclaration,
  isTypeReferenceNode,
  isVariableDeclaration,
  type Node,
  type PropertyName,
  type SignatureDeclaration,
  type TypeElement,
  type TypeNode,
} from "typescript/unstable/ast";
import { type Checker, type Symbol as Named, type Project, SymbolFlags } from "typescript/unstable/sync";
import type { Comment, EntryPoint, Item, Method, Policy, Property, Signature } from "./model.js";

type Member = (ClassElement | TypeElement) & { readonly name?: PropertyName };
type Shape = Partial<Item> & Pick<Item, "kind">;

/** Turns declarations into what the page says of them. */
export class Reader {
  readonly #project: Project;
  readonly #checker: Checker;
  readonly #folder: string;
  /** Symbol's id → specifier of the entry point that describes it. */
  readonly #homes = new Map<number, string>();

  constructor(project: Project, folder: string) {
    this.#project = project;
    this.#checker = project.checker;
    this.#folder = folder.toLowerCase();
  }

  /** @param entries `[specifier, file]`; of several that export a name, the first describes it. */
  entryPoints(entries: readonly (readonly [string, string])[]): EntryPoint[] {
    const modules = entries.map(([specifier, file]) => {
      const exports = this.#exportsOf(file);
      for (const symbol of exports) {
        const { id } = this.#original(symbol);
        if (!this.#homes.has(id)) this.#homes.set(id, specifier);
      }
      return { specifier, file, exports };
    });
    return modules.map(({ specifier, file, exports }) => {
      const isHere = (symbol: Named) => this.#homes.get(this.#original(symbol).id) === specifier;
      return {
        specifier,
        about: leadingComment(this.#source(file).text),
        items: this.#items(specifier, exports.filter(isHere)),
        elsewhere: exports.filter((symbol) => !isHere(symbol)).map(({ name }) => name),
      };
    });
  }

  /** What a file exports with a comment that begins with a policy's name. */
  policies(file: string): Policy[] {
    return this.#exportsOf(file).flatMap((symbol) => {
      const { doc } = this.#comment(this.#original(symbol));
      const name = /^`([a-z0-9_]+)`: /.exec(doc)?.[1];
      return name === undefined ? [] : [{ name, doc: doc.slice(name.length + 4) }];
    });
  }

  /** What is exported, and then the types that this names and nothing exports, so that no name stays unexplained. */
  #items(specifier: string, exports: readonly Named[]): Item[] {
    const items: Item[] = [];
    const pending = exports.map((symbol) => ({ symbol, isExported: true }));
    for (const { symbol, isExported } of pending) {
      const original = this.#original(symbol);
      const declaration = this.#declaration(original);
      items.push({
        name: symbol.name,
        isExported,
        ...this.#comment(original),
        ...{ heritage: "", code: "", signatures: [], properties: [], methods: [] },
        ...this.#shape(symbol.name, original, declaration),
      });
      const { code } = items.at(-1)!;
      const isTableType = isTypeAliasDeclaration(declaration) && code === "";
      for (const named of isTableType ? [] : this.#typesNamedIn(declaration)) {
        if (this.#homes.has(named.id)) continue;
        this.#homes.set(named.id, specifier);
        pending.push({ symbol: named, isExported: false });
      }
    }
    return items;
  }

  #shape(name: string, symbol: Named, declaration: Node): Shape {
    if (isClassDeclaration(declaration)) return { kind: "class", ...this.#members(symbol, declaration) };
    if (isInterfaceDeclaration(declaration)) return { kind: "interface", ...this.#members(symbol, declaration) };
    if (isFunctionDeclaration(declaration)) {
      const overloads = symbol.declarations.map((each) => each.resolve(this.#project) as SignatureDeclaration);
      return { kind: "function", signatures: overloads.map((each) => signatureOf(each, name)) };
    }
    if (isTypeAliasDeclaration(declaration)) {
      const properties = isTypeReferenceNode(declaration.type) ? this.#mapped(symbol) : [];
      return properties.length > 0 ? { kind: "type", properties } : { kind: "type", code: statement(declaration) };
    }
    if (isVariableDeclaration(declaration)) return { kind: "constant", code: `const ${statement(declaration)}` };
    throw new Error(`${name} is exported, and there is no way yet to describe ${declaration.getText()}`);
  }

  /** In the order in which they are declared, overloads together; then what an interface has from those it extends. */
  #members(symbol: Named, declaration: ClassDeclaration | InterfaceDeclaration): Partial<Item> {
    const methods = new Map<string, Method>();
    const properties: Property[] = [];
    for (const node of declaration.members as Iterable<Member>) {
      if (isHidden(node)) continue;
      if (!isCallable(node)) {
        properties.push(this.#property(node, this.#checker.getSymbolAtLocation(node.name!)!, null));
        continue;
      }
      const isNew = isConstructorDeclaration(node);
      const name = isNew ? "constructor" : node.name!.getText();
      const signature = signatureOf(node, isNew ? `new ${symbol.name}` : name);
      const method = methods.get(name);
      if (method !== undefined) {
        method.signatures.push(signature);
        continue;
      }
      const named = isNew
        ? symbol.getMembers().get("__constructor" as never)
        : this.#checker.getSymbolAtLocation(node.name!);
      methods.set(name, { name, ...this.#comment(named!), signatures: [signature] });
    }
    if (isInterfaceDeclaration(declaration)) properties.push(...this.#inherited(symbol, declaration));
    const heritage = (declaration.heritageClauses ?? []).map((clause) => clause.getText()).join(" ");
    return { heritage, properties, methods: [...methods.values()] };
  }

  #inherited(symbol: Named, { heritageClauses }: InterfaceDeclaration): Property[] {
    if (heritageClauses === undefined) return [];
    return this.#propertiesOf(symbol)
      .filter((property) => property.getParent()?.id !== symbol.id)
      .map((property) => {
        const parent = property.getParent();
        if (parent === undefined) return { ...this.#tableRow(property), from: "Policies" };
        return this.#property(this.#declaration(property) as Member, property, parent.name);
      });
  }

  /** The properties of a type that is computed from a table of options (`OptionsOf<typeof TABLE>`); none of any other. */
  #mapped(symbol: Named): Property[] {
    const computed = this.#propertiesOf(symbol).filter((property) => property.getParent() === undefined);
    return computed.map((property) => this.#tableRow(property));
  }

  /** All of an object type's, those that one declaration holds in its order: the compiler gives them in no order. */
  #propertiesOf(symbol: Named): Named[] {
    const placed = this.#checker.getPropertiesOfType(this.#checker.getDeclaredTypeOfSymbol(symbol)).map((property) => ({
      property,
      path: property.declarations[0]?.path ?? "",
      at: this.#declaration(property).pos,
    }));
    placed.sort((a, b) => (a.path === b.path ? a.at - b.at : a.path < b.path ? -1 : 1));
    return placed.map(({ property }) => property);
  }

  /** Of an option that a table declares: its type as computed, its meaning as the table tells it. */
  #tableRow(property: Named): Property {
    const row = this.#declaration(property).getText();
    const cell = (name: string) =>
      new RegExp(`readonly ${name}: ("(?:[^"\\\\]|\\\\.)*"|[^;}]+?)\\s*[;}]`).exec(row)?.[1];
    const text = (name: string): string => JSON.parse(cell(name) ?? '""');
    const type = this.#checker.getTypeOfSymbol(property);
    const unit = text("unit");
    return {
      name: property.name,
      doc: `${text("about")}${unit === "" ? "" : ` (${unit})`}. Default: ${cell("default") === "null" ? "no limit" : cell("default")}.`,
      tags: [],
      type: type === undefined ? "" : this.#checker.typeToString(type).replace(/ \| undefined$/, ""),
      isOptional: (property.flags & SymbolFlags.Optional) !== 0,
      from: null,
    };
  }

  #property(node: Member, symbol: Named, from: string | null): Property {
    const { type, postfixToken } = node as { type?: TypeNode; postfixToken?: Node };
    return {
      name: node.name?.getText() ?? symbol.name,
      ...this.#comment(symbol),
      type: type?.getText() ?? "",
      isOptional: postfixToken !== undefined,
      from,
    };
  }

  /** Our own types that a declaration names, but for what it extends: those members are listed with its own. */
  #typesNamedIn(declaration: Node): Iterable<Named> {
    const found = new Map<number, Named>();
    const visit = (node: Node): void => {
      if (isHeritageClause(node)) return;
      const symbol = isTypeReferenceNode(node) ? this.#checker.getSymbolAtLocation(node.typeName) : undefined;
      const original = symbol && this.#original(symbol);
      if (original !== undefined && this.#isOurs(original)) found.set(original.id, original);
      node.forEachChild(visit);
    };
    visit(declaration);
    return found.values();
  }

  #isOurs({ flags, declarations }: Named): boolean {
    const isParameter = (flags & SymbolFlags.TypeParameter) !== 0;
    return !isParameter && declarations[0]?.path.toLowerCase().startsWith(this.#folder) === true;
  }

  #exportsOf(file: string): readonly Named[] {
    const module = this.#checker.getSymbolAtLocation(this.#source(file));
    return module === undefined ? [] : this.#checker.getExportsOfModule(module);
  }

  #source(file: string): { text: string } & Node {
    const source = this.#project.program.getSourceFile(file);
    if (source === undefined) throw new Error(`${file} is not there`);
    return source;
  }

  #original(symbol: Named): Named {
    return (symbol.flags & SymbolFlags.Alias) === 0 ? symbol : this.#checker.getAliasedSymbol(symbol);
  }

  #declaration(symbol: Named): Node {
    const declaration = symbol.declarations[0]?.resolve(this.#project);
    if (declaration === undefined) throw new Error(`${symbol.name} has no declaration`);
    return declaration;
  }

  #comment(symbol: Named): Comment {
    const tags = this.#checker.getJsDocTagsOfSymbol(symbol).map(({ name, text }) => ({ name, text: text ?? "" }));
    return { doc: this.#checker.getDocumentationCommentOfSymbol(symbol), tags };
  }
}

function isCallable(node: Member): node is Member & SignatureDeclaration {
  return isConstructorDeclaration(node) || isMethodDeclaration(node) || isMethodSignatureDeclaration(node);
}

function isHidden(node: Member): boolean {
  return (node.name !== undefined && isPrivateIdentifier(node.name)) || /^(private|set)\s/.test(node.getText());
}

function signatureOf(node: SignatureDeclaration, name: string): Signature {
  const typeParameters = (node.typeParameters ?? []).map((each) => each.getText()).join(", ");
  const isStatic = node.getText().startsWith("static ");
  return {
    head: `${isStatic ? "static " : ""}${name}${typeParameters === "" ? "" : `<${typeParameters}>`}`,
    parameters: node.parameters.map((each) => indentedBy2(each.getText())),
    result: node.type === undefined ? null : indentedBy2(node.type.getText()),
  };
}

/** Without the words that only a declaration file needs. */
function statement(node: Node): string {
  return indentedBy2(node.getText().replace(/^(export )?(declare )?/, ""));
}

/** The compiler indents by 4. */
function indentedBy2(text: string): string {
  return text.replace(/^( {4})+/gm, (indent) => " ".repeat(indent.length / 2));
}

/** The comment at the head of a file that says `@module`. */
function leadingComment(text: string): string {
  const comment = /^\s*\/\*\*(.*?)\*\//s.exec(text)?.[1] ?? "";
  if (!comment.includes("@module")) return "";
  return comment
    .replace(/^\s*\* ?/gm, "")
    .replace("@module", "")
    .trim();
}
