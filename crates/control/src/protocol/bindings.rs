//! The few REST-JSON operations whose body is one member and not a document of members, and what they carry in headers.

use std::sync::Arc;

use super::shape::{Location, Member, Shape, Structure};

/// Where the members of an operation are, beside labels and query.
pub(super) struct Bindings {
    operation: &'static str,
    /// The member that is the whole body, both ways: bytes.
    pub(super) payload: &'static str,
    /// Members and headers of the call.
    request: &'static [(&'static str, &'static str)],
    /// Members and headers of the answer.
    response: &'static [(&'static str, &'static str)],
    /// The member that is the answer's status. Without one and without headers, the answer is a document of members.
    status: Option<&'static str>,
}

const ALL: &[Bindings] = &[
    Bindings {
        operation: "Invoke",
        payload: "Payload",
        request: &[
            ("InvocationType", "X-Amz-Invocation-Type"),
            ("LogType", "X-Amz-Log-Type"),
            ("ClientContext", "X-Amz-Client-Context"),
        ],
        response: &[
            ("FunctionError", "X-Amz-Function-Error"),
            ("ExecutedVersion", "X-Amz-Executed-Version"),
        ],
        status: Some("StatusCode"),
    },
    Bindings {
        operation: "ImportApiKeys",
        payload: "body",
        request: &[],
        response: &[],
        status: None,
    },
    Bindings {
        operation: "ExportApi",
        payload: "body",
        request: &[],
        response: &[("contentType", "Content-Type")],
        status: None,
    },
    Bindings {
        operation: "GetExport",
        payload: "body",
        request: &[("accepts", "Accept")],
        response: &[
            ("contentType", "Content-Type"),
            ("contentDisposition", "Content-Disposition"),
        ],
        status: None,
    },
    Bindings {
        operation: "ImportRestApi",
        payload: "body",
        request: &[],
        response: &[],
        status: None,
    },
    Bindings {
        operation: "PutRestApi",
        payload: "body",
        request: &[],
        response: &[],
        status: None,
    },
];

/// Returns what is said of an operation; none: its body is a document.
pub(super) fn of(operation: &str) -> Option<&'static Bindings> {
    ALL.iter().find(|bindings| bindings.operation == operation)
}

/// Returns the members of the call.
pub(super) fn input(bindings: Option<&Bindings>) -> Vec<Member> {
    bindings.map_or_else(Vec::new, |bindings| members(bindings, bindings.request))
}

/// Returns the shape of the answer.
pub(crate) fn output(operation: &str) -> Shape {
    let bound = of(operation).filter(|bindings| bindings.status.is_some() || !bindings.response.is_empty());
    let Some(bindings) = bound else {
        return Shape::Any;
    };
    let mut members = members(bindings, bindings.response);
    let status = bindings.status;
    members.extend(status.map(|status| Member::new(status, Location::StatusCode, Shape::Integer)));
    Shape::Structure(Arc::new(Structure {
        members,
        payload: Some(bindings.payload.to_owned()),
        open: false,
    }))
}

fn members(bindings: &Bindings, headers: &[(&str, &str)]) -> Vec<Member> {
    let headers = headers.iter().map(|(name, header)| Member {
        wire_name: Some((*header).to_owned()),
        ..Member::new(*name, Location::Header, Shape::Text)
    });
    headers
        .chain([Member::new(bindings.payload, Location::Body, Shape::Blob)])
        .collect()
}
