//! Files of API keys: comma-separated values with a line of names.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-key-file-format.html>
//!
//! `Name` and `Key` must be there; `Description`, `Enabled` and `UsagePlanIds` may be, in any order and case; other columns are
//! ignored, as on AWS. A value may stand in double or single quotes, which are doubled within it. What is wrong with a row is
//! said of that row, with its line, and never quotes a key's value.

use portcullis_model::SecretText;

/// Columns of a file.
const COLUMNS_MAX: usize = 64;

/// A row that can be read.
pub(super) struct Row {
    /// The line that it begins on, counted from 1.
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) value: SecretText,
    pub(super) description: Option<String>,
    pub(super) enabled: bool,
    pub(super) plans: Vec<String>,
}

/// What a file holds: rows, and what is wrong with the others.
pub(super) struct File {
    pub(super) rows: Vec<Row>,
    pub(super) warnings: Vec<String>,
}

/// Where the columns are.
struct Columns {
    name: usize,
    key: usize,
    description: Option<usize>,
    enabled: Option<usize>,
    plans: Option<usize>,
}

/// Reads a file; the error says why it is none.
pub(super) fn parse(bytes: &[u8]) -> Result<File, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the file is not UTF-8 text".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut records = Records { rest: text, line: 1 };
    let Some((_, header)) = records.next_record()? else {
        return Err("the file is empty".to_owned());
    };
    let columns = Columns::of(&header)?;
    let mut file = File {
        rows: Vec::new(),
        warnings: Vec::new(),
    };
    while let Some((line, fields)) = records.next_record()? {
        match columns.row(line, fields) {
            Ok(row) => file.rows.push(row),
            Err(cause) => file.warnings.push(format!("line {line}: {cause}")),
        }
    }
    Ok(file)
}

impl Columns {
    fn of(header: &[String]) -> Result<Self, String> {
        let find = |name: &str| {
            let mut named = header
                .iter()
                .enumerate()
                .filter(|(_, column)| column.trim().eq_ignore_ascii_case(name));
            match (named.next(), named.next()) {
                (Some(_), Some(_)) => Err(format!("the column `{name}` is there twice")),
                (found, _) => Ok(found.map(|(at, _)| at)),
            }
        };
        let missing = |name: &str| format!("the column `{name}` is missing");
        Ok(Self {
            name: find("Name")?.ok_or_else(|| missing("Name"))?,
            key: find("Key")?.ok_or_else(|| missing("Key"))?,
            description: find("Description")?,
            enabled: find("Enabled")?,
            plans: find("UsagePlanIds")?,
        })
    }

    fn row(&self, line: usize, mut fields: Vec<String>) -> Result<Row, String> {
        let mut take = |at: usize| fields.get_mut(at).map(std::mem::take).unwrap_or_default();
        let value = SecretText::new(take(self.key));
        let name = take(self.name);
        let description = self.description.map(&mut take).filter(|text| !text.is_empty());
        let enabled = self.enabled.map(&mut take).unwrap_or_default();
        let plans = self.plans.map(&mut take).unwrap_or_default();
        let is_enabled = match enabled.trim().to_ascii_lowercase().as_str() {
            "" | "true" => true,
            "false" => false,
            _ => return Err("`Enabled` is neither `true` nor `false`".to_owned()),
        };
        let plans = plans.split(',').map(str::trim).filter(|plan| !plan.is_empty());
        Ok(Row {
            line,
            name,
            value,
            description,
            enabled: is_enabled,
            plans: plans.map(str::to_owned).collect(),
        })
    }
}

/// The records of a file, one after the other.
struct Records<'t> {
    rest: &'t str,
    line: usize,
}

impl Records<'_> {
    /// Returns the next record that is not empty, with the line that it begins on.
    fn next_record(&mut self) -> Result<Option<(usize, Vec<String>)>, String> {
        loop {
            if self.rest.is_empty() {
                return Ok(None);
            }
            let line = self.line;
            let fields = self.record()?;
            if fields.iter().any(|field| !field.trim().is_empty()) {
                return Ok(Some((line, fields)));
            }
        }
    }

    fn record(&mut self) -> Result<Vec<String>, String> {
        let mut fields = Vec::new();
        loop {
            if fields.len() >= COLUMNS_MAX {
                return Err(format!("line {}: more than {COLUMNS_MAX} columns", self.line));
            }
            let field = match self.rest.chars().next() {
                Some(quote @ ('"' | '\'')) => self.quoted(quote)?,
                _ => self.bare(),
            };
            fields.push(field);
            if let Some(rest) = self.rest.strip_prefix(',') {
                self.rest = rest;
                continue;
            }
            let end = self.rest.strip_prefix("\r\n").or(self.rest.strip_prefix('\n'));
            match end.or(self.rest.strip_prefix('\r')) {
                Some(rest) => {
                    self.rest = rest;
                    self.line += 1;
                }
                None if self.rest.is_empty() => {}
                None => return Err(format!("line {}: text behind a quote", self.line)),
            }
            return Ok(fields);
        }
    }

    fn bare(&mut self) -> String {
        let end = self.rest.find([',', '\n', '\r']).unwrap_or(self.rest.len());
        let (field, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        field.trim().to_owned()
    }

    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let begun = self.line;
        let mut field = String::new();
        let mut rest = self.rest.strip_prefix(quote).unwrap_or(self.rest);
        loop {
            let Some((part, behind)) = rest.split_once(quote) else {
                return Err(format!("line {begun}: a quote is not closed"));
            };
            self.line += part.bytes().filter(|byte| *byte == b'\n').count();
            field.push_str(part);
            match behind.strip_prefix(quote) {
                Some(behind) => {
                    field.push(quote);
                    rest = behind;
                }
                None => {
                    self.rest = behind;
                    return Ok(field);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = (usize, String, String, Option<String>, bool, Vec<String>);

    fn read(text: &str) -> (Vec<Read>, Vec<String>) {
        let file = parse(text.as_bytes()).unwrap();
        let rows = file.rows.into_iter().map(|row| {
            let value = row.value.expose().to_owned();
            (row.line, row.name, value, row.description, row.enabled, row.plans)
        });
        (rows.collect(), file.warnings)
    }

    #[test]
    fn rows_are_read_in_any_order_of_columns_and_form_of_lines() {
        let (rows, warnings) = read(
            "\u{feff}Enabled, name,KEY,other,UsageplanIds,Description\r\n\
             TRUE,first,value-1,ignored,\"a1,b2\",\"says \"\"hello\"\"\"\r\n\r\n\
             false,'second, with a comma',value-2,,'c3',\n\
             ,third,value-3\r,fourth,value-4",
        );
        assert!(warnings.is_empty());
        let row = |line, name: &str, value: &str, text: Option<&str>, enabled, plans: &[&str]| {
            let plans: Vec<String> = plans.iter().map(|plan| (*plan).to_owned()).collect();
            (
                line,
                name.to_owned(),
                value.to_owned(),
                text.map(str::to_owned),
                enabled,
                plans,
            )
        };
        assert_eq!(
            rows,
            [
                row(2, "first", "value-1", Some("says \"hello\""), true, &["a1", "b2"]),
                row(4, "second, with a comma", "value-2", None, false, &["c3"]),
                row(5, "third", "value-3", None, true, &[]),
                row(6, "fourth", "value-4", None, true, &[]),
            ]
        );
    }

    #[test]
    fn what_is_no_file_of_keys_is_refused_and_a_bad_row_is_said() {
        for (text, cause) in [
            ("", "is empty"),
            ("Name,Value\n", "`Key` is missing"),
            ("Key\n", "`Name` is missing"),
            ("Name,Key,name\n", "`Name` is there twice"),
            ("Name,Key\n\"open,value", "line 2: a quote is not closed"),
            ("Name,Key\n\"a\"b,value", "line 2: text behind a quote"),
        ] {
            let error = parse(text.as_bytes()).err().unwrap();
            assert!(error.contains(cause), "{text:?}: {error}");
        }
        assert!(parse(b"Name,Key\n\xff,value").is_err());
        let (rows, warnings) = read("Name,Key,Enabled\na,value-1,perhaps\nb,value-2,true");
        assert_eq!(rows.len(), 1);
        assert_eq!(warnings, ["line 2: `Enabled` is neither `true` nor `false`"]);
    }

    #[test]
    fn no_bytes_make_the_reader_fail_otherwise_than_by_an_error() {
        const PIECES: [&str; 12] = [
            "Name", "Key", ",", "\"", "'", "\n", "\r", "\r\n", "a", " ", "é", "Enabled",
        ];
        let mut state = 7_u64;
        for _ in 0..20_000 {
            let mut text = String::from("Name,Key,Enabled\n");
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text.push_str(PIECES[(state >> 33) as usize % PIECES.len()]);
            }
            let _ = parse(text.as_bytes());
            let _ = parse(&text.as_bytes()[17..]);
        }
    }
}
