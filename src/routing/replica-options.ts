import { checkFields, checkLabels, checkNumber, checkString, isStrings } from "./checks.js";
import { Replica, type ReplicaOptions } from "./replica.js";
import { shown } from "./shown.js";

const REPLICA_OPTIONS = ["id", "url", "headers", "maxOngoingRequests", "model", "labels", "node", "zone"];

/**
 * The replicas as a router keeps them: copies, and of one that a router has given out what it was told of it.
 * @throws TypeError or RangeError that names what is wrong with which replica.
 */
export function readReplicas(replicas: readonly ReplicaOptions[]): ReplicaOptions[] {
  if (!Array.isArray(replicas)) throw new TypeError(`replicas must be an array, not ${shown(replicas)}`);
  const ids = new Set<string>();
  // Not `map`, which passes over holes.
  return Array.from(replicas, (given: ReplicaOptions, index) => {
    const where = `replicas[${index}]`;
    const replica = given instanceof Replica ? given.options : given;
    checkReplica(replica, where);
    const { id } = replica;
    if (ids.has(id)) throw new RangeError(`${where}.id must be different from the others, not ${shown(id)} again`);
    ids.add(id);
    return { ...replica };
  });
}

function checkReplica(replica: ReplicaOptions, where: string): void {
  checkFields(where, replica, REPLICA_OPTIONS, ` in ${where}`);
  const { id, maxOngoingRequests, model, labels } = replica;
  if (typeof id !== "string" || id === "") {
    throw new TypeError(`${where}.id must be a string, not empty, not ${shown(id)}`);
  }
  for (const name of ["url", "node", "zone"] as const) checkString(`${where}.${name}`, replica[name]);
  checkNumber(
    `${where}.maxOngoingRequests`,
    maxOngoingRequests,
    (n) => n === Number.POSITIVE_INFINITY || (Number.isInteger(n) && n >= 1),
    "a whole number, 1 or more, or Infinity",
  );
  if (model !== undefined && typeof model !== "string" && !isStrings(model)) {
    throw new TypeError(`${where}.model must be a string or an array of strings, not ${shown(model)}`);
  }
  if (labels !== undefined) checkLabels(`${where}.labels`, labels);
  checkHeaders(replica.headers, where);
}

/** No value is shown: it may be a secret. */
function checkHeaders(headers: ReplicaOptions["headers"], where: string): void {
  if (headers === undefined) return;
  if (typeof headers !== "object" || headers === null || !isStrings(Object.values(headers))) {
    throw new TypeError(`${where}.headers must be an object of strings, not ${shown(headers)}`);
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/.test(name)) {
      throw new TypeError(`${where}.headers has ${shown(name)}, which is no name of a header`);
    }
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      throw new TypeError(`${where}.headers[${shown(name)}] has characters that no header may have`);
    }
  }
}
