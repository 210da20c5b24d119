//! What a resource type wants: its properties, their shapes, and what a change of each means. Data only; the
//! tables are written beside the resources, the functions that read them are `check`, `coerce` and `compare`.
//! AWS's own tables: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-template-resource-type-ref.html>

/// A resource type.
#[derive(Debug)]
pub struct ResourceSchema {
    /// `AWS::ApiGateway::RestApi`.
    pub type_name: &'static str,
    pub properties: &'static [PropertySchema],
    /// What `Fn::GetAtt` may ask for; `*` admits any name.
    pub attributes: &'static [&'static str],
}

/// One property of a resource, or of an object inside one.
#[derive(Clone, Copy, Debug)]
pub struct PropertySchema {
    pub name: &'static str,
    pub shape: Shape,
    pub required: bool,
    pub update: Update,
    pub support: Support,
}

/// What a value must look like.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Any text.
    Text,
    /// A text whose length in characters lies within the bounds.
    TextLength {
        minimum: usize,
        maximum: usize,
    },
    /// One of these texts, spelled exactly so.
    OneOf(&'static [&'static str]),
    /// A text that the whole expression matches; `says` completes "must be …".
    Pattern {
        expression: &'static str,
        says: &'static str,
    },
    /// A whole number within the bounds.
    Integer {
        minimum: i64,
        maximum: i64,
    },
    /// Any finite number.
    Number,
    Boolean,
    /// A document: an object kept as it is, or a text that holds JSON.
    Json,
    List(&'static Shape),
    /// An object with free keys.
    MapOf(&'static Shape),
    Object(&'static [PropertySchema]),
    /// A list of `{Key, Value}`, or an object from key to value; coerced to the list.
    Tags,
}

/// What a change of a property does to the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    InPlace,
    Replacement,
}

/// Whether a property has its effect here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    Used,
    /// Accepted, kept, without effect; the text says what does not happen.
    Inert(&'static str),
    /// An error; the text says why.
    Refused(&'static str),
}

impl PropertySchema {
    /// Returns a property that may be left out, is used, and changes in place.
    pub const fn optional(name: &'static str, shape: Shape) -> Self {
        Self {
            name,
            shape,
            required: false,
            update: Update::InPlace,
            support: Support::Used,
        }
    }

    /// Returns a property that must be there, is used, and changes in place.
    pub const fn required(name: &'static str, shape: Shape) -> Self {
        let mut property = Self::optional(name, shape);
        property.required = true;
        property
    }

    /// Returns a property whose use is an error; its shape is not looked at.
    pub const fn refused(name: &'static str, reason: &'static str) -> Self {
        let mut property = Self::optional(name, Shape::Json);
        property.support = Support::Refused(reason);
        property
    }

    /// Makes a change of it replace the resource.
    pub const fn replaces(mut self) -> Self {
        self.update = Update::Replacement;
        self
    }

    /// Makes it accepted without effect.
    pub const fn inert(mut self, reason: &'static str) -> Self {
        self.support = Support::Inert(reason);
        self
    }
}

impl ResourceSchema {
    /// Returns the property called `name`.
    pub fn property(&self, name: &str) -> Option<&'static PropertySchema> {
        self.properties.iter().find(|property| property.name == name)
    }

    /// Tells whether `Fn::GetAtt` may ask for `name`.
    pub fn has_attribute(&self, name: &str) -> bool {
        self.attributes
            .iter()
            .any(|attribute| *attribute == name || *attribute == "*")
    }
}
