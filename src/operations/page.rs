//! A page of figures that are put on it as they are read.
use prometheus::{Counter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

/// The page.
pub struct Page<'a>(pub &'a Registry);

impl Page<'_> {
    /// Something that goes up and down.
    pub fn gauge(
        &self,
        name: &str,
        help: &str,
        value: impl TryInto<i64>,
    ) -> prometheus::Result<()> {
        let gauge = IntGauge::new(name, help)?;
        gauge.set(value.try_into().unwrap_or(i64::MAX));
        self.0.register(Box::new(gauge))
    }

    /// The same for each value of a label.
    pub fn labelled(
        &self,
        name: &str,
        help: &str,
        label: &str,
        values: &[(&str, u64)],
    ) -> prometheus::Result<()> {
        let gauges = IntGaugeVec::new(Opts::new(name, help), &[label])?;
        for (of, value) in values {
            gauges.with_label_values(&[of]).set(i64::try_from(*value).unwrap_or(i64::MAX));
        }
        self.0.register(Box::new(gauges))
    }

    /// What has been counted since the start, for each combination of labels.
    pub fn counters(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        values: &[(Vec<&str>, u64)],
    ) -> prometheus::Result<()> {
        let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
        for (of, value) in values {
            counters.with_label_values(of).inc_by(*value);
        }
        self.0.register(Box::new(counters))
    }

    /// Time that was spent since the start.
    pub fn seconds_total(&self, name: &str, help: &str, seconds: f64) -> prometheus::Result<()> {
        let counter = Counter::new(name, help)?;
        counter.inc_by(seconds);
        self.0.register(Box::new(counter))
    }
}
