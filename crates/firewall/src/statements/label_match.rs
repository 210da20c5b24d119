//! `LabelMatchStatement`: an earlier rule has added a label.
//!
//! A key that does not begin with `awswaf:` belongs to the web ACL, or the group, in which it stands.

use serde_json::Value;

use crate::{
    compiler::Compiler,
    evaluation::Evaluation,
    reader::Fields,
    statements::{Statement, StatementDefinition},
};

pub(crate) const DEFINITION: StatementDefinition = StatementDefinition {
    name: "LabelMatchStatement",
    compile,
};

enum LabelMatch {
    Label(String),
    Namespace(String),
}

fn compile(value: &Value, path: String, compiler: &mut Compiler<'_>) -> Option<Box<dyn Statement>> {
    let fields = Fields::of(value, path, &["Scope", "Key"], compiler.problems)?;
    let scope = fields.one_of("Scope", &["LABEL", "NAMESPACE"]);
    let key = fields.text("Key")?;
    let whole = compiler.label(key, &fields.way("Key"))?;
    let whole = if key.starts_with("awswaf:") {
        key.to_owned()
    } else {
        whole
    };
    compiler.charge(1);
    if scope? == "LABEL" {
        return Some(Box::new(LabelMatch::Label(whole)));
    }
    if !key.ends_with(':') {
        fields.refuse("Key", format!("`{key}` is not a namespace: end it with a colon"));
        return None;
    }
    Some(Box::new(LabelMatch::Namespace(whole)))
}

impl Statement for LabelMatch {
    fn evaluate(&self, evaluation: &mut Evaluation<'_>) -> bool {
        evaluation.labels.iter().any(|label| match self {
            Self::Label(wanted) => **label == **wanted,
            Self::Namespace(namespace) => label.starts_with(namespace.as_str()),
        })
    }
}
