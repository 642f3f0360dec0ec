/**
 * A `fetch` that sends each request to the replica that the router chooses. Path and query are kept, the host is the replica's.
 * One that is full or cannot be reached is left for another: nothing of an answer has been seen yet.
 */
export function createFetch(router) {
  return async (input, init) => {
    const { method, headers, signal, url, ...request } = await read(new Request(input, init));
    const { pathname, search } = new URL(url);
    for (const exclude = new Set(); ; ) {
      const lease = router.route(request.parsed, { exclude }); // throws NoReplicaError when none has room
      exclude.add(lease.replica.id);
      const last = exclude.size === router.replicas.length;
      try {
        const answer = await fetch(lease.replica.url + pathname + search, {
          method,
          headers,
          signal,
          body: request.text,
        });
        if (answer.ok) lease.accept();
        else lease.reject(); // nothing was computed: the tree forgets the text again
        if (last || (answer.status !== 503 && answer.status !== 429)) return held(answer, lease);
        await answer.body?.cancel();
      } catch (error) {
        lease.reject();
        if (last || signal.aborted) throw error;
      }
    }
  };
}

/** The body is read once, so that it can be routed by and sent as often as it takes. */
async function read(request) {
  const { method, headers, signal, url } = request;
  const text = request.body === null ? null : await request.text();
  return { method, headers, signal, url, text, parsed: JSON.parse(text ?? "{}") };
}

/** The answer, which holds its lease until its last byte has been read or it is cancelled: so long the replica is busy. */
function held(answer, lease) {
  const { readable, writable } = new TransformStream();
  (answer.body ?? new Blob([]).stream())
    .pipeTo(writable)
    .catch(() => {}) // the reader of the other end hears of it
    .finally(() => lease.release());
  return new Response(readable, answer);
}
