//! How long answers took, and whether that tells who was known.

use std::time::Duration;

/// In milliseconds.
#[derive(Debug, Default)]
pub struct Answers {
    known: Vec<f64>,
    unknown: Vec<f64>,
}

/// The quartiles of one group.
struct Quartiles {
    low: f64,
    median: f64,
    high: f64,
}

impl Answers {
    pub const HEAD: &str = "| answer to | known: median (quartiles) | unknown: median (quartiles) | difference | spread | AUC | it tells |\n\
                            |---|--:|--:|--:|--:|--:|---|";

    pub fn note(&mut self, is_known: bool, took: Duration) {
        let group = if is_known { &mut self.known } else { &mut self.unknown };
        group.push(took.as_secs_f64() * 1_000.0);
    }

    /// A line of the table. The spread is the smaller of the groups' interquartile ranges: what one answer differs from the
    /// next by anyhow. Medians that differ by less tell nothing to whoever asks once or a few times.
    pub fn row(&self, what: &str) -> String {
        let (known, unknown) = (Quartiles::of(&self.known), Quartiles::of(&self.unknown));
        let difference = known.median - unknown.median;
        let spread = known.spread().min(unknown.spread());
        let tells = if difference.abs() < spread { "nothing" } else { "**WHO IS KNOWN**" };
        let auc = self.auc();
        format!("| {what} | {known} ms | {unknown} ms | {difference:+.2} ms | {spread:.2} ms | {auc:.2} | {tells} |")
    }

    /// How often an answer about somebody known took longer than one about nobody (Mann and Whitney): 0.5 tells nothing, 1 tells
    /// it with a single question.
    fn auc(&self) -> f64 {
        let pairs =
            self.known.iter().flat_map(|known| self.unknown.iter().map(move |unknown| known.total_cmp(unknown)));
        let longer = pairs.map(|order| match order {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        });
        longer.sum::<f64>() / (self.known.len() * self.unknown.len()) as f64
    }
}

impl Quartiles {
    fn of(values: &[f64]) -> Quartiles {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |fraction: f64| {
            let place = (sorted.len().saturating_sub(1) as f64 * fraction).round() as usize;
            sorted.get(place).copied().unwrap_or(f64::NAN)
        };
        Quartiles { low: at(0.25), median: at(0.5), high: at(0.75) }
    }

    fn spread(&self) -> f64 {
        self.high - self.low
    }
}

impl std::fmt::Display for Quartiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} ({:.2} to {:.2})", self.median, self.low, self.high)
    }
}
