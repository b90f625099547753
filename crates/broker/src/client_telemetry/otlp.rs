//! Reads metrics as clients push them: `MetricsData` of OpenTelemetry's protocol, of which only
//! what is shown is decoded, gauges and sums of numbers.

use prost::Message;

/// A number that a client has measured.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    /// The name of the metric.
    pub(super) metric: String,
    /// What tells it from others of the name.
    pub(super) attributes: Vec<(String, String)>,
    /// The number.
    pub(super) value: f64,
    /// How it goes on from the last one.
    pub(super) kind: PointKind,
}

/// How a number is to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PointKind {
    /// It stands for itself.
    Gauge,
    /// It counts from the start.
    Total,
    /// It counts from the last push.
    Increase,
}

/// `AGGREGATION_TEMPORALITY_DELTA`.
const DELTA: i32 = 1;

/// All points of a payload.
///
/// # Errors
/// When it is not what the protocol says.
pub(super) fn read(payload: &[u8]) -> Result<Vec<Point>, prost::DecodeError> {
    let data = MetricsData::decode(payload)?;
    let resources = data.resource_metrics.into_iter();
    let scopes = resources.flat_map(|resource| resource.scope_metrics);
    let metrics = scopes.flat_map(|scope| scope.metrics);
    Ok(metrics.flat_map(points).collect())
}

fn points(metric: Metric) -> Vec<Point> {
    let (data_points, kind) = match metric.data {
        Some(Data::Gauge(gauge)) => (gauge.data_points, PointKind::Gauge),
        Some(Data::Sum(sum)) if !sum.is_monotonic => (sum.data_points, PointKind::Gauge),
        Some(Data::Sum(sum)) if sum.aggregation_temporality == DELTA => {
            (sum.data_points, PointKind::Increase)
        }
        Some(Data::Sum(sum)) => (sum.data_points, PointKind::Total),
        None => return Vec::new(),
    };
    let data_points = data_points.into_iter();
    data_points
        .filter_map(|point| {
            let value = match point.value? {
                Number::AsDouble(value) => value,
                Number::AsInt(value) => value as f64,
            };
            let attributes = point.attributes.into_iter();
            Some(Point {
                metric: metric.name.clone(),
                attributes: attributes.filter_map(KeyValue::into_text).collect(),
                value,
                kind,
            })
        })
        .collect()
}

impl KeyValue {
    fn into_text(self) -> Option<(String, String)> {
        let value = match self.value?.value? {
            Value::String(text) => text,
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Double(value) => value.to_string(),
        };
        Some((self.key, value))
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct MetricsData {
    #[prost(message, repeated, tag = "1")]
    pub(super) resource_metrics: Vec<ResourceMetrics>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ResourceMetrics {
    #[prost(message, repeated, tag = "2")]
    pub(super) scope_metrics: Vec<ScopeMetrics>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ScopeMetrics {
    #[prost(message, repeated, tag = "2")]
    pub(super) metrics: Vec<Metric>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Metric {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(oneof = "Data", tags = "5, 7")]
    pub(super) data: Option<Data>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Data {
    #[prost(message, tag = "5")]
    Gauge(Gauge),
    #[prost(message, tag = "7")]
    Sum(Sum),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Gauge {
    #[prost(message, repeated, tag = "1")]
    pub(super) data_points: Vec<NumberDataPoint>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Sum {
    #[prost(message, repeated, tag = "1")]
    pub(super) data_points: Vec<NumberDataPoint>,
    #[prost(int32, tag = "2")]
    pub(super) aggregation_temporality: i32,
    #[prost(bool, tag = "3")]
    pub(super) is_monotonic: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct NumberDataPoint {
    #[prost(message, repeated, tag = "7")]
    pub(super) attributes: Vec<KeyValue>,
    #[prost(oneof = "Number", tags = "4, 6")]
    pub(super) value: Option<Number>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Number {
    #[prost(double, tag = "4")]
    AsDouble(f64),
    #[prost(sfixed64, tag = "6")]
    AsInt(i64),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct KeyValue {
    #[prost(string, tag = "1")]
    pub(super) key: String,
    #[prost(message, optional, tag = "2")]
    pub(super) value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AnyValue {
    #[prost(oneof = "Value", tags = "1, 2, 3, 4")]
    pub(super) value: Option<Value>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Value {
    #[prost(string, tag = "1")]
    String(String),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Int(i64),
    #[prost(double, tag = "4")]
    Double(f64),
}
