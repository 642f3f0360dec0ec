import type { Discovery, KubernetesConfig } from "../../app/index.js";
import { type EndpointSlice, replicasOf } from "./endpoint-slices.js";
import { KubernetesApi } from "./kubernetes-api.js";
import { listAndWatch } from "./list-watch.js";

/** The ready endpoints of a service, by its EndpointSlices. A pod that becomes unready or is deleted gets no more requests at once. */
export function kubernetesDiscovery(config: KubernetesConfig): Discovery {
  const api = new KubernetesApi(config);
  const query = {
    path: `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(api.namespace)}/endpointslices`,
    labelSelector: `kubernetes.io/service-name=${config.service}`,
  };
  return {
    watch(onReplicas, signal, onProblem) {
      let known = "";
      let ambiguous = "";
      const take = (slices: readonly EndpointSlice[]) => {
        const { replicas, problem } = replicasOf(slices, config);
        if (problem !== null && problem !== ambiguous) onProblem(problem);
        ambiguous = problem ?? "";
        const text = JSON.stringify(replicas);
        if (text !== known) onReplicas(replicas);
        known = text;
      };
      const tell = (message: string) => onProblem(`service ${api.namespace}/${config.service}: ${message}`);
      void listAndWatch<EndpointSlice>(api, query, take, signal, tell);
    },
  };
}
