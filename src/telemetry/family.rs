//! Figures that are made when somebody asks, out of what others counted.

use std::collections::HashMap;

use prometheus::core::Desc;
use prometheus::proto::{Bucket, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};

use super::as_float;
use crate::ledger::Tally;

/// The name of a figure, its help and its labels, without a value.
#[derive(Debug)]
pub(super) struct Family(Desc);

impl Family {
    /// With its labels in the order of the alphabet.
    ///
    /// # Errors
    /// When a name is none that Prometheus takes.
    pub(super) fn new(name: &str, help: &str, labels: &[&str]) -> Result<Self, prometheus::Error> {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        Desc::new(name.to_owned(), help.to_owned(), labels, HashMap::new()).map(Self)
    }

    pub(super) const fn desc(&self) -> &Desc {
        &self.0
    }

    /// Gauges: each a value, with the values of the labels.
    pub(super) fn gauges(&self, rows: Vec<(Vec<String>, f64)>) -> MetricFamily {
        let rows = rows.into_iter().map(|(labels, value)| {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            let mut metric = Metric::from_label(self.labelled(labels));
            metric.set_gauge(gauge);
            metric
        });
        self.family(MetricType::GAUGE, rows.collect())
    }

    /// A histogram without labels; what was tallied is in parts of its unit, so many to one.
    pub(super) fn histogram(&self, tally: &Tally, parts: f64) -> MetricFamily {
        let steps = tally.steps.iter().map(|(bound, count)| {
            let mut bucket = Bucket::default();
            bucket.set_upper_bound(as_float(*bound) / parts);
            bucket.set_cumulative_count(*count);
            bucket
        });
        let mut histogram = Histogram::default();
        histogram.set_bucket(steps.collect());
        histogram.set_sample_count(tally.count);
        histogram.set_sample_sum(as_float(tally.sum) / parts);
        let mut metric = Metric::default();
        metric.set_histogram(histogram);
        self.family(MetricType::HISTOGRAM, vec![metric])
    }

    fn labelled(&self, values: Vec<String>) -> Vec<LabelPair> {
        let pairs = self.0.variable_labels.iter().zip(values);
        let pairs = pairs.map(|(name, value)| {
            let mut pair = LabelPair::default();
            pair.set_name(name.clone());
            pair.set_value(value);
            pair
        });
        pairs.collect()
    }

    fn family(&self, kind: MetricType, metrics: Vec<Metric>) -> MetricFamily {
        let mut family = MetricFamily::default();
        family.set_name(self.0.fq_name.clone());
        family.set_help(self.0.help.clone());
        family.set_field_type(kind);
        family.set_metric(metrics);
        family
    }
}
