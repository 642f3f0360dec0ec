/** The public API, as it is described. */
export interface Api {
  readonly entryPoints: readonly EntryPoint[];
  readonly policies: readonly Policy[];
}

export interface EntryPoint {
  /** As in an import. */
  readonly specifier: string;
  /** The comment at the head of its file. */
  readonly about: string;
  readonly items: readonly Item[];
  /** Names that it exports and that an earlier entry point describes. */
  readonly elsewhere: readonly string[];
}

export interface Comment {
  readonly doc: string;
  readonly tags: readonly { readonly name: string; readonly text: string }[];
}

export interface Item extends Comment {
  readonly name: string;
  readonly kind: "class" | "function" | "interface" | "type" | "constant";
  /** False for a type that something else names, and nothing exports. */
  readonly isExported: boolean;
  /** What it extends and implements. */
  readonly heritage: string;
  /** A type or a constant as it is declared. */
  readonly code: string;
  /** Of a function, one an overload. */
  readonly signatures: readonly Signature[];
  readonly properties: readonly Property[];
  readonly methods: readonly Method[];
}

export interface Method extends Comment {
  readonly name: string;
  readonly signatures: Signature[];
}

export interface Property extends Comment {
  readonly name: string;
  readonly type: string;
  readonly isOptional: boolean;
  /** The interface that declares it, where that is another one; `Policies` for an option out of a policy's table. */
  readonly from: string | null;
}

export interface Signature {
  /** What stands before the parameters. */
  readonly head: string;
  readonly parameters: readonly string[];
  readonly result: string | null;
}

export interface Policy {
  readonly name: string;
  readonly doc: string;
}

/** A line of a policy's table of options. */
export interface PolicyOption {
  readonly name: string;
  readonly default: string;
  readonly unit: string;
  readonly about: string;
}

export interface CommandHelp {
  readonly command: string;
  readonly text: string;
}
