//! `java.lang.Integer`, `Long`, `Double` and `Boolean`. Templates call their static methods on a value, as Velocity lets them:
//! `#set($Integer = 0)$Integer.parseInt('7')`.

use std::cmp::Ordering;

use super::Method;
use crate::vtl::RenderError;
use crate::vtl::evaluate::order;
use crate::vtl::rendering::Rendering;
use crate::vtl::value::Value;

impl<'a> Rendering<'a> {
    pub(super) fn call_number(
        &mut self,
        value: &Value<'a>,
        method: Method,
        arguments: &[Value<'a>],
    ) -> Result<Value<'a>, RenderError> {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "as Java converts"
        )]
        Ok(match (value, method, arguments) {
            (Value::Boolean(_), Method::BooleanValue, []) => value.clone(),
            (Value::Boolean(_), ..) => Value::Null,
            (Value::Integer(integer), Method::DoubleValue | Method::FloatValue, []) => {
                Value::Decimal(*integer as f64)
            }
            (Value::Integer(_), Method::IntValue | Method::LongValue, []) => value.clone(),
            (Value::Decimal(_), Method::DoubleValue | Method::FloatValue, []) => value.clone(),
            (Value::Decimal(decimal), Method::IntValue, []) => Value::Integer((*decimal as i32).into()),
            (Value::Decimal(decimal), Method::LongValue, []) => Value::Integer((*decimal as i64).into()),
            (_, Method::CompareTo, [other]) => match order(value, other) {
                Some(Ordering::Less) => Value::Integer(-1),
                Some(Ordering::Equal) => Value::Integer(0),
                Some(Ordering::Greater) => Value::Integer(1),
                None => Value::Null,
            },
            (_, Method::ParseInt, [text]) => Value::Integer(self.parse::<i32>(method, text)?.into()),
            (_, Method::ParseLong, [text]) => Value::Integer(self.parse::<i64>(method, text)?.into()),
            (_, Method::ParseDouble, [text]) => Value::Decimal(self.parse(method, text)?),
            (Value::Integer(_), Method::ValueOf, [text]) => {
                Value::Integer(self.parse::<i64>(method, text)?.into())
            }
            (Value::Decimal(_), Method::ValueOf, [text]) => Value::Decimal(self.parse(method, text)?),
            _ => Value::Null,
        })
    }

    fn parse<N: std::str::FromStr>(&mut self, method: Method, text: &Value<'a>) -> Result<N, RenderError> {
        let text = self.text_of(text)?;
        text.as_str().trim().parse().map_err(|_| {
            let shown: String = text.as_str().chars().take(40).collect();
            RenderError::Method(method.name(), format!("`{shown}` is no such number"))
        })
    }
}
