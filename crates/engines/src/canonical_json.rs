//! JSON in one spelling, so that two who sign and verify a value mean the same bytes: RFC 8785, the JSON
//! Canonicalization Scheme.
//!
//! Members are ordered by the UTF-16 code units of their names, numbers are written as ECMAScript writes the double that
//! they are. A whole number that no double holds exactly is refused rather than rounded: two different texts would
//! become one. A double is read to the nearest one, and that is what is told further.

use std::fmt::Write;

use serde_json::{Number, Value};

/// The largest whole number that every reader of JSON agrees on: 2^53 - 1 (RFC 7493, section 2.2).
const WHOLE_MAX: u64 = (1 << 53) - 1;

/// Why a value has no canonical spelling.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    #[error("the number `{0}` is not exact in every reader: write it as text")]
    Number(String),
}

/// Returns the canonical spelling of `value`. Depth is that of the parser that made it.
pub fn render(value: &Value) -> Result<String, CanonicalError> {
    let mut out = String::new();
    write_value(value, &mut out)?;
    Ok(out)
}

fn write_value(value: &Value, out: &mut String) -> Result<(), CanonicalError> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_number(number, out)?,
        Value::String(text) => write_text(text, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(item, out)?;
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
            out.push('{');
            for (index, (name, member)) in members.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_text(name, out);
                out.push(':');
                write_value(member, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

/// RFC 8785, section 3.2.2.2: what must be escaped is, shortly where there is a short form; nothing else is.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            control if control < ' ' => {
                // Writing to a `String` does not fail.
                let _written = write!(out, "\\u{:04x}", u32::from(control));
            }
            plain => out.push(plain),
        }
    }
    out.push('"');
}

fn write_number(number: &Number, out: &mut String) -> Result<(), CanonicalError> {
    let inexact = || CanonicalError::Number(number.to_string());
    if let Some(whole) = number.as_u64() {
        if whole > WHOLE_MAX {
            return Err(inexact());
        }
        out.push_str(&whole.to_string());
        return Ok(());
    }
    if let Some(whole) = number.as_i64() {
        if whole.unsigned_abs() > WHOLE_MAX {
            return Err(inexact());
        }
        out.push_str(&whole.to_string());
        return Ok(());
    }
    let double = number
        .as_f64()
        .filter(|double| double.is_finite())
        .ok_or_else(inexact)?;
    write_double(double, out);
    Ok(())
}

/// ECMA-262, `Number::toString` with radix 10. Rust knows how few digits are enough; of the numbers with so many the
/// nearest is wanted, and of two as near the even one, which is what Rust writes when it is told how many.
fn write_double(double: f64, out: &mut String) {
    if double == 0.0 {
        out.push('0');
        return;
    }
    let shortest = format!("{:e}", double.abs());
    let digits = shortest
        .bytes()
        .take_while(|byte| *byte != b'e')
        .filter(u8::is_ascii_digit)
        .count();
    let scientific = format!("{:.*e}", digits.saturating_sub(1), double.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    // The value is 0.digits times ten to the power of `point`.
    let point = exponent.parse::<i32>().unwrap_or_default() + 1;
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    if double < 0.0 {
        out.push('-');
    }
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    let split = |at: i32| {
        let at = usize::try_from(at).unwrap_or_default();
        digits.split_at_checked(at).unwrap_or((&digits, ""))
    };
    if count <= point && point <= 21 {
        out.push_str(&digits);
        out.push_str(&zeros(point - count));
    } else if 0 < point && point <= 21 {
        let (whole, fraction) = split(point);
        out.push_str(whole);
        out.push('.');
        out.push_str(fraction);
    } else if -6 < point && point <= 0 {
        out.push_str("0.");
        out.push_str(&zeros(-point));
        out.push_str(&digits);
    } else {
        let (first, rest) = split(1);
        out.push_str(first);
        if !rest.is_empty() {
            out.push('.');
            out.push_str(rest);
        }
        let sign = if point > 0 { '+' } else { '-' };
        out.push('e');
        out.push(sign);
        out.push_str(&(point - 1).abs().to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strict_json;

    fn canonical(text: &str) -> String {
        render(&strict_json::parse(text.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn numbers_are_written_as_appendix_b_of_the_rfc_has_them() {
        let table: &[(u64, &str)] = &[
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ];
        for (bits, expected) in table {
            let mut out = String::new();
            write_double(f64::from_bits(*bits), &mut out);
            assert_eq!(out, *expected, "{bits:016x}");
        }
    }

    #[test]
    fn the_value_of_section_3_2_2_of_the_rfc() {
        let input = r#"{
            "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
            "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
            "literals": [null, true, false]
        }"#;
        assert_eq!(
            canonical(input),
            r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
        );
    }

    #[test]
    fn members_are_ordered_by_their_utf_16_code_units() {
        let input = r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",
            "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#;
        let value: Value = serde_json::from_str(&canonical(input)).unwrap();
        let order: Vec<&str> = value
            .as_object()
            .unwrap()
            .values()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(
            order,
            [
                "Carriage Return",
                "One",
                "Control",
                "Latin Small Letter O With Diaeresis",
                "Euro Sign",
                "Emoji: Grinning Face",
                "Hebrew Letter Dalet With Dagesh"
            ]
        );
    }

    #[test]
    fn a_whole_number_that_a_double_would_round_is_refused() {
        for text in [
            "9007199254740993",
            "-9007199254740993",
            "18446744073709551615",
            "9007199254740992",
        ] {
            let value = strict_json::parse(text.as_bytes()).unwrap();
            assert_eq!(render(&value), Err(CanonicalError::Number(text.into())));
        }
        assert_eq!(canonical("9007199254740991"), "9007199254740991");
    }

    #[test]
    fn hostile_texts_come_back_to_the_same_value() {
        // A canonical text parses to what it was made of, and is its own canonical text.
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        for round in 0..3_000 {
            let value = random(&mut next, 4);
            let Ok(text) = render(&value) else { continue };
            let back = strict_json::parse(text.as_bytes()).unwrap_or_else(|| panic!("round {round}: {text}"));
            // A double beyond 2^53 reads back as a whole number, which is refused.
            if let Ok(again) = render(&back) {
                assert_eq!(again, text, "round {round}");
            }
        }
    }

    fn random(next: &mut dyn FnMut() -> u64, depth: u32) -> Value {
        match next() % if depth == 0 { 5 } else { 7 } {
            0 => Value::Null,
            1 => Value::Bool(next() & 1 == 0),
            2 => Number::from_f64(f64::from_bits(next())).map_or(Value::Null, Value::Number),
            3 => Value::from(next() >> (next() % 64)),
            4 => Value::String(
                (0..next() % 6)
                    .filter_map(|_| char::from_u32(u32::try_from(next() % 0x11_0000).unwrap()))
                    .collect(),
            ),
            5 => (0..next() % 4).map(|_| random(next, depth - 1)).collect(),
            _ => Value::Object(
                (0..next() % 4)
                    .map(|_| (format!("{:x}", next() % 50), random(next, depth - 1)))
                    .collect(),
            ),
        }
    }
}
