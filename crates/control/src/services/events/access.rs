//! Which resource each permission is asked about.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html>

use portcullis_events::{DEFAULT_BUS, bus_arn, bus_name, rule_arn};

use crate::operation::{Access, Call};

/// Returns the permission `action` on the bus that `Name` names.
pub(super) const fn on_bus(action: &'static str) -> Access {
    Access::Signed {
        action,
        resource: |call| {
            let name = call.text("Name").unwrap_or(DEFAULT_BUS);
            bus_arn(call.scope, bus_name(call.scope, name).unwrap_or(name))
        },
    }
}

/// Returns the permission `action` on the rule that `Name` names.
pub(super) const fn on_rule(action: &'static str) -> Access {
    Access::Signed {
        action,
        resource: |call| rule(call, "Name"),
    }
}

/// Returns the permission `action` on the rule that `Rule` names.
pub(super) const fn on_rule_of_targets(action: &'static str) -> Access {
    Access::Signed {
        action,
        resource: |call| rule(call, "Rule"),
    }
}

/// Returns the permission `action` on the connection that `Name` names.
pub(super) const fn on_connection(action: &'static str) -> Access {
    Access::Signed {
        action,
        resource: |call| call.arn("events", &format!("connection/{}", name(call))),
    }
}

/// Returns the permission `action` on the API destination that `Name` names.
pub(super) const fn on_api_destination(action: &'static str) -> Access {
    Access::Signed {
        action,
        resource: |call| call.arn("events", &format!("api-destination/{}", name(call))),
    }
}

/// Returns the permission `action` on what `ResourceARN` names.
pub(super) const fn on_tagged(action: &'static str) -> Access {
    Access::Signed {
        action,
        resource: |call| call.text("ResourceARN").unwrap_or_default().to_owned(),
    }
}

/// Returns the permission `action`, which AWS does not tie to a resource.
pub(super) const fn everywhere(action: &'static str) -> Access {
    Access::Signed {
        action,
        resource: |_| "*".into(),
    }
}

fn rule(call: &Call<'_>, member: &str) -> String {
    let bus = call.text("EventBusName").unwrap_or(DEFAULT_BUS);
    let bus = bus_name(call.scope, bus).unwrap_or(bus);
    rule_arn(call.scope, bus, call.text(member).unwrap_or_default())
}

fn name<'a>(call: &'a Call<'_>) -> &'a str {
    call.text("Name").unwrap_or_default()
}
