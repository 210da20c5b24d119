//! What a stage says of one method: its own setting, and that of all methods where it has none.

use portcullis_model::resources::apigateway::{MethodSetting, Resource, Stage};

use crate::execution_log::{Level, Logging};

/// What the settings of a stage call all its methods.
const ALL_METHODS: &str = "*/*";

/// A setting of a method over that of all methods.
pub(crate) struct Effective<'a> {
    pub(crate) own: Option<&'a MethodSetting>,
    pub(crate) all: Option<&'a MethodSetting>,
}

impl<'a> Effective<'a> {
    pub(crate) fn of(stage: &'a Stage, resource: &Resource, name: &str) -> Self {
        let key = format!("{}/{name}", resource.path.trim_start_matches('/'));
        Self {
            own: stage.method_settings.get(&key),
            all: stage.method_settings.get(ALL_METHODS),
        }
    }

    /// Returns what the method's own setting says, else that of all.
    pub(crate) fn get<T>(&self, field: impl Fn(&'a MethodSetting) -> Option<T>) -> Option<T> {
        self.own.and_then(&field).or_else(|| self.all.and_then(&field))
    }

    /// Tells whether the method has counters of its own.
    pub(crate) fn is_counted(&self) -> bool {
        self.own
            .or(self.all)
            .is_some_and(|setting| setting.metrics_enabled)
    }

    /// Returns how the method is logged; none where it is not.
    pub(crate) fn logging(&self) -> Option<Logging> {
        let level = match self.get(|one| one.logging_level.as_deref())? {
            "INFO" => Level::Info,
            "ERROR" => Level::Error,
            _ => return None,
        };
        let traces_data = self
            .get(|one| one.data_trace_enabled.then_some(true))
            .unwrap_or(false);
        Some(Logging { level, traces_data })
    }
}
