//! `IPSetReferenceStatement`: the source address, or one that a header forwards, is in a set.

use std::net::IpAddr;

use portcullis_model::resources::wafv2::IpSet;
use serde_json::Value;

use crate::{
    address::AddressSet,
    compiler::Compiler,
    evaluation::Evaluation,
    limits::IP_SET_ADDRESSES_MAX,
    reader::Fields,
    statements::{Statement, StatementDefinition, forwarded::ForwardedAddresses},
};

pub(crate) const DEFINITION: StatementDefinition = StatementDefinition {
    name: "IPSetReferenceStatement",
    compile,
};

struct IpSetReference {
    set: AddressSet,
    forwarded: Option<(ForwardedAddresses, Position)>,
}

#[derive(Clone, Copy)]
enum Position {
    First,
    Last,
    Any,
}

fn compile(value: &Value, path: String, compiler: &mut Compiler<'_>) -> Option<Box<dyn Statement>> {
    let fields = Fields::of(value, path, &["ARN", "IPSetForwardedIPConfig"], compiler.problems)?;
    let set = fields.text("ARN").and_then(|arn| {
        let set = compiler.references.ip_set(arn);
        if set.is_none() {
            fields.refuse("ARN", format!("`{arn}` is not an IP set that exists"));
        }
        set
    });
    let forwarded = if fields.has("IPSetForwardedIPConfig") {
        let config = fields.object(
            "IPSetForwardedIPConfig",
            &["HeaderName", "FallbackBehavior", "Position"],
        )?;
        let position = match config.one_of("Position", &["FIRST", "LAST", "ANY"]) {
            Some("FIRST") => Position::First,
            Some("LAST") => Position::Last,
            _ => Position::Any,
        };
        Some((ForwardedAddresses::read(&config)?, position))
    } else {
        None
    };
    compiler.charge(match &forwarded {
        // AWS: one unit, four more when any position counts.
        Some((_, Position::Any)) => 5,
        _ => 1,
    });
    let set = addresses(set?, &fields)?;
    Some(Box::new(IpSetReference { set, forwarded }))
}

fn addresses(set: &IpSet, fields: &Fields<'_>) -> Option<AddressSet> {
    if set.addresses.len() > IP_SET_ADDRESSES_MAX {
        fields.refuse(
            "ARN",
            format!(
                "the IP set `{}` has more than {IP_SET_ADDRESSES_MAX} addresses",
                set.name
            ),
        );
        return None;
    }
    let (addresses, refused) = AddressSet::parse(set.addresses.iter().map(String::as_str));
    for (_, reason) in &refused {
        fields.refuse("ARN", format!("the IP set `{}`: {reason}", set.name));
    }
    refused.is_empty().then_some(addresses)
}

impl Statement for IpSetReference {
    fn evaluate(&self, evaluation: &mut Evaluation<'_>) -> bool {
        let Some((forwarded, position)) = &self.forwarded else {
            return self.set.contains(evaluation.request.source);
        };
        let addresses = forwarded.addresses(evaluation);
        let holds = |address: &Option<IpAddr>| match address {
            Some(address) => self.set.contains(*address),
            None => forwarded.malformed_matches,
        };
        match position {
            Position::First => addresses.first().is_some_and(holds),
            Position::Last => addresses.last().is_some_and(holds),
            Position::Any => addresses.iter().any(holds),
        }
    }
}
