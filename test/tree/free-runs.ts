/** Where the core has the heads of its free lists, one a power of two, and how a free run begins: assembly/memory.ts. */
const HEADS = 4096 + 16384;
const SIZE_CLASSES = 16;
const NEXT = 8;
const GRAIN = 32;

/** Calls `create` and returns what it has made with the memory of the core in it. */
export function withMemory<T>(create: () => T): [made: T, memory: WebAssembly.Memory] {
  const { Memory } = WebAssembly;
  let memory: WebAssembly.Memory | undefined;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      memory = this;
    }
  };
  try {
    const made = create();
    if (memory === undefined) throw new Error("no memory has been created");
    return [made, memory];
  } finally {
    WebAssembly.Memory = Memory;
  }
}

/** Bytes of each free run in the core's memory, without what lies behind its frontier. */
export function freeRuns(memory: WebAssembly.Memory): number[] {
  const view = new DataView(memory.buffer);
  const runs: number[] = [];
  for (let sizeClass = 0; sizeClass < SIZE_CLASSES; sizeClass++) {
    let run = view.getUint32(HEADS + 4 * sizeClass, true);
    for (; run > 0; run = view.getUint32(run + NEXT, true)) runs.push(view.getUint32(run, true) * GRAIN);
  }
  return runs;
}
