"""
Times Ray Serve LLM's prefix tree. Its first argument is how an eviction finds the oldest: linked-list (as it does) or
min-heap. What follows, and what it prints: external.ts. Without more it only shows that the tree is here.
"""

import gc
import heapq
import os
import sys
from time import perf_counter_ns

from ray.llm._internal.serve.routing_policies.prefix_aware.prefix_tree import PrefixTree

# Drawing up the state for some operation may take much longer than the operation.
MOST_TIMES_LONGER = 10


def main():
    eviction, file, time_ms, tenants, *operations = sys.argv[1:]
    tree = {"linked-list": PrefixTree, "min-heap": MinHeapTree}[eviction]
    suite = Suite(tree, read_texts(file), tenants.split(","), int(time_ms) * 1_000_000)
    before = resident_bytes()
    suite.fill()
    if before is not None:
        print("memory", resident_bytes() - before, sep="\t")
    timed = {
        "insert, new text": (suite.insert, suite.before_new),
        "insert, text already there": (suite.insert, suite.step),
        "prefix_match, whole text": (suite.match, suite.step),
        "prefix_match, tenants named": (suite.match_among, suite.step),
        "evict_tenant_by_lru, one run": (suite.evict, suite.before_evict),
    }
    for operation in operations:
        if operation == "insert, new text":
            suite.clear()
        else:
            suite.fill()
        samples = suite.time(*timed[operation])
        figures = [samples[len(samples) // 2], samples[len(samples) * 99 // 100], sum(samples) / len(samples)]
        print(operation, *(round(ns / 1000, 3) for ns in figures), len(samples), sep="\t", flush=True)


class MinHeapTree(PrefixTree):
    """Puts all of the tenant's nodes into a heap for each eviction: what the linked list came instead of."""

    def evict_tenant_by_lru(self, tenant, min_remove_size):
        nodes = self._get_lru_chain(tenant)[1:]
        heap = [(node.tenant_to_last_access_time[tenant], i, node) for i, node in enumerate(nodes)]
        heapq.heapify(heap)
        removed = 0
        time = None
        while heap and (removed < min_remove_size or heap[0][0] == time):
            time, _, node = heapq.heappop(heap)
            removed += self._remove_tenant_single_node(tenant, node)
        return removed


def read_texts(file):
    texts = []
    with open(file, "rb") as opened:
        while length := opened.read(4):
            texts.append(opened.read(int.from_bytes(length, "little")).decode())
    return texts


class Suite:
    def __init__(self, tree_class, texts, tenants, time_ns):
        self.tree_class = tree_class
        self.texts = texts
        self.tenants = tenants
        self.time_ns = time_ns
        self.clear()

    def clear(self):
        self.tree = self.tree_class()
        self.tree.add_tenants(self.tenants, 0)
        self.next = len(self.texts) - 1
        self.now = 0
        self.removed = 1

    def fill(self):
        self.clear()
        for _ in self.texts:
            self.step()
            self.insert()

    def time(self, call, before):
        """The samples in nanoseconds, in rising order. The first quarter of the time warms up."""
        self.run(call, before, self.time_ns // 4)
        return sorted(self.run(call, before, self.time_ns))

    def run(self, call, before, time_ns):
        samples = []
        spent = 0
        deadline = perf_counter_ns() + MOST_TIMES_LONGER * time_ns
        while spent < time_ns and perf_counter_ns() < deadline or not samples:
            before()
            start = perf_counter_ns()
            call()
            samples.append(perf_counter_ns() - start)
            spent += samples[-1]
        return samples

    def step(self):
        self.next = (self.next + 1) % len(self.texts)

    def before_new(self):
        self.step()
        if self.next == 0:
            self.clear()
            self.step()

    def tenant(self):
        return self.tenants[self.next % len(self.tenants)]

    def insert(self):
        self.now += 1
        self.tree.insert(self.texts[self.next], self.tenant(), self.now)

    def match(self):
        self.tree.prefix_match(self.texts[self.next])

    def match_among(self):
        self.tree.prefix_match(self.texts[self.next], self.tenants)

    def before_evict(self):
        self.step()
        if self.removed == 0:
            self.fill()

    def evict(self):
        self.removed = self.tree.evict_tenant_by_lru(self.tenant(), 1)


def resident_bytes():
    """None where there is no /proc."""
    gc.collect()
    try:
        with open("/proc/self/statm") as opened:
            return int(opened.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except FileNotFoundError:
        return None


if len(sys.argv) > 2:
    main()
