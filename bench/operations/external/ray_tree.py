"""Times Ray Serve LLM's prefix tree. What it is called with and what it prints: external.ts."""

import gc
import os
import sys
from time import perf_counter_ns

from ray.llm._internal.serve.routing_policies.prefix_aware.prefix_tree import PrefixTree

# Drawing up the state for some operation may take much longer than the operation.
MOST_TIMES_LONGER = 10


def main():
    file, time_ms, tenants, *operations = sys.argv[1:]
    with open(file) as opened:
        texts = opened.read().split("\n")
    suite = Suite(texts, tenants.split(","), int(time_ms) * 1_000_000)
    before = resident_bytes()
    suite.fill()
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


class Suite:
    def __init__(self, texts, tenants, time_ns):
        self.texts = texts
        self.tenants = tenants
        self.time_ns = time_ns
        self.clear()

    def clear(self):
        self.tree = PrefixTree()
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
    gc.collect()
    with open("/proc/self/statm") as opened:
        return int(opened.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if sys.argv[1:] != ["--probe"]:
    main()
