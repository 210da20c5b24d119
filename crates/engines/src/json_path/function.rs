//! The function at the end of a path. It works on what the path names, for an indefinite path on the list; what it cannot work on
//! gives nothing.

use serde_json::Value;

/// A function of Jayway's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Length,
    Min,
    Max,
    Avg,
    Sum,
    StdDev,
    Keys,
    First,
    Last,
    Index(i64),
    Concat,
}

impl Function {
    /// Those without an argument, by name.
    const ALL: [(&'static str, Self); 11] = [
        ("length", Self::Length),
        ("size", Self::Length),
        ("min", Self::Min),
        ("max", Self::Max),
        ("avg", Self::Avg),
        ("sum", Self::Sum),
        ("stddev", Self::StdDev),
        ("keys", Self::Keys),
        ("first", Self::First),
        ("last", Self::Last),
        ("concat", Self::Concat),
    ];

    pub(super) fn find(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|(known, _)| *known == name)
            .map(|(_, function)| *function)
    }

    /// Applies it to what the path names.
    pub(super) fn apply(self, value: &Value) -> Option<Value> {
        match self {
            Self::Length => element_count(value).map(Value::from),
            Self::Keys => {
                let names = value.as_object()?.keys().map(|name| Value::from(name.as_str()));
                Some(Value::Array(names.collect()))
            }
            Self::First => value.as_array()?.first().cloned(),
            Self::Last => value.as_array()?.last().cloned(),
            Self::Index(index) => super::evaluate::element(value, index).cloned(),
            Self::Concat => {
                let texts: Option<Vec<&str>> = value.as_array()?.iter().map(Value::as_str).collect();
                Some(texts?.concat().into())
            }
            Self::Min | Self::Max | Self::Avg | Self::Sum | Self::StdDev => {
                self.aggregate(value).map(Value::from)
            }
        }
    }

    /// Numbers come out as doubles, as from Jayway.
    fn aggregate(self, value: &Value) -> Option<f64> {
        let numbers: Vec<f64> = value.as_array()?.iter().filter_map(Value::as_f64).collect();
        if numbers.is_empty() {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "lists of a body are short enough")]
        let count = numbers.len() as f64;
        let sum: f64 = numbers.iter().sum();
        Some(match self {
            Self::Min => numbers.iter().copied().fold(f64::INFINITY, f64::min),
            Self::Max => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Self::Avg => sum / count,
            Self::StdDev => {
                let squares: f64 = numbers.iter().map(|number| number * number).sum();
                (squares / count - (sum / count).powi(2)).sqrt()
            }
            _ => sum,
        })
    }
}

/// Jayway counts elements and members; a text has no length.
fn element_count(value: &Value) -> Option<usize> {
    match value {
        Value::Array(elements) => Some(elements.len()),
        Value::Object(members) => Some(members.len()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
