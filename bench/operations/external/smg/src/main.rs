//! Times the string tree of SMG's crate `kv-index`. What it is called with and what it prints: ../external.ts.

use kv_index::StringTree;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Drawing up the state for some operation may take much longer than the operation.
const MOST_TIMES_LONGER: u32 = 10;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, time_ms, tenants, operations @ ..] = arguments.as_slice() else {
        panic!("usage: smg-tree <texts> <milliseconds> <tenants> <operation>...")
    };
    let bytes = std::fs::read(file).expect("a file of texts");
    let time = Duration::from_millis(time_ms.parse().expect("milliseconds"));
    let mut suite = Suite {
        texts: texts_in(&bytes),
        tenants: tenants.split(',').map(Arc::from).collect(),
        tree: StringTree::new(),
        next: 0,
    };
    let before = resident_bytes();
    suite.fill();
    if let (Some(before), Some(after)) = (before, resident_bytes()) {
        println!("memory\t{}", after.saturating_sub(before));
    }
    for operation in operations {
        let samples = match operation.as_str() {
            "insert, new text" => {
                suite.clear();
                suite.time(time, Suite::insert, Suite::before_new)
            }
            "insert, text already there" => suite.time_filled(time, Suite::insert, Suite::step),
            "prefix_match, whole text" => suite.time_filled(time, Suite::find, Suite::step),
            "evict_tenant_by_lru, one run" => suite.time_filled(time, Suite::evict, Suite::before_evict),
            _ => continue,
        };
        let mean = samples.iter().sum::<Duration>() / samples.len() as u32;
        println!(
            "{operation}\t{:.3}\t{:.3}\t{:.3}\t{}",
            microseconds(samples[samples.len() / 2]),
            microseconds(samples[samples.len() * 99 / 100]),
            microseconds(mean),
            samples.len(),
        );
    }
}

struct Suite<'a> {
    texts: Vec<&'a str>,
    tenants: Vec<Arc<str>>,
    tree: StringTree,
    next: usize,
}

impl Suite<'_> {
    fn clear(&mut self) {
        self.tree = StringTree::new();
        self.next = self.texts.len() - 1;
    }

    fn fill(&mut self) {
        self.clear();
        for _ in 0..self.texts.len() {
            self.step();
            self.insert();
        }
    }

    fn time_filled(&mut self, time: Duration, call: fn(&mut Self), before: fn(&mut Self)) -> Vec<Duration> {
        self.fill();
        self.time(time, call, before)
    }

    /// The samples in rising order. The first quarter of the time warms up.
    fn time(&mut self, time: Duration, call: fn(&mut Self), before: fn(&mut Self)) -> Vec<Duration> {
        self.run(time / 4, call, before);
        let mut samples = self.run(time, call, before);
        samples.sort_unstable();
        samples
    }

    fn run(&mut self, time: Duration, call: fn(&mut Self), before: fn(&mut Self)) -> Vec<Duration> {
        let mut samples = Vec::new();
        let mut spent = Duration::ZERO;
        let begun = Instant::now();
        while samples.is_empty() || spent < time && begun.elapsed() < time * MOST_TIMES_LONGER {
            before(self);
            let start = Instant::now();
            call(self);
            let sample = start.elapsed();
            samples.push(sample);
            spent += sample;
        }
        samples
    }

    fn step(&mut self) {
        self.next = (self.next + 1) % self.texts.len();
    }

    fn before_new(&mut self) {
        self.step();
        if self.next == 0 {
            self.clear();
            self.step();
        }
    }

    /// The tree is filled again when the tenant whose turn it is has nothing left.
    fn before_evict(&mut self) {
        self.step();
        if self.tree.tenant_char_size(self.tenant()) == 0 {
            self.fill();
        }
    }

    fn tenant(&self) -> &Arc<str> {
        &self.tenants[self.next % self.tenants.len()]
    }

    fn insert(&mut self) {
        self.tree.insert_text(self.texts[self.next], self.tenant());
    }

    fn find(&mut self) {
        black_box(self.tree.match_prefix_with_counts(self.texts[self.next]));
    }

    /// One character less than the tenant has: the oldest leaf goes.
    fn evict(&mut self) {
        let tenant = self.tenant();
        self.tree.evict_by_tenant(tenant, self.tree.tenant_char_size(tenant) - 1);
    }
}

fn texts_in(mut bytes: &[u8]) -> Vec<&str> {
    let mut texts = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let (text, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        texts.push(std::str::from_utf8(text).expect("UTF-8"));
        bytes = rest;
    }
    texts
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1000.0
}

/// None where there is no /proc.
fn resident_bytes() -> Option<usize> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(pages.split(' ').nth(1)?.parse::<usize>().ok()? * 4096)
}
