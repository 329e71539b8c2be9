//! Tables with named columns, written as CSV or JSON.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// A table for other programs.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// Names of the columns.
    pub columns: Vec<Cow<'static, str>>,
    /// Rows with a value for each column; `null` where a value is not known.
    pub rows: Vec<Vec<Value>>,
}

impl Listing {
    /// Returns the table as CSV (RFC 4180) with the names first; an unknown value is an empty cell.
    pub fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        // Writing to memory does not fail.
        let _ = writer.write_record(self.columns.iter().map(AsRef::as_ref));
        for row in &self.rows {
            let _ = writer.write_record(row.iter().map(cell));
        }
        let bytes = writer.into_inner().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Returns the table as a JSON array of objects, one a line.
    pub fn json(&self) -> String {
        let object = |row: &Vec<Value>| {
            let names = self.columns.iter().map(ToString::to_string);
            let object: Map<_, _> = names.zip(row.iter().cloned()).collect();
            format!("  {}", Value::Object(object))
        };
        let rows: Vec<String> = self.rows.iter().map(object).collect();
        format!("[\n{}\n]\n", rows.join(",\n"))
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        // A whole number is written without a fraction, whatever it is stored as.
        Value::Number(number) if number.is_f64() => number
            .as_f64()
            .map_or(String::new(), |number| number.to_string()),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_listing_is_the_same_in_both_formats() {
        let listing = Listing {
            columns: vec!["a".into(), "b".into()],
            rows: vec![
                vec![json!("x, \"y\"\nz"), json!(0.1)],
                vec![json!(f64::NAN), json!("+-0")],
                vec![json!(2.0), json!(3)],
            ],
        };
        assert_eq!(listing.csv(), "a,b\n\"x, \"\"y\"\"\nz\",0.1\n,+-0\n2,3\n");
        let read: Value = serde_json::from_str(&listing.json()).unwrap();
        assert_eq!(
            read,
            json!([
                {"a": "x, \"y\"\nz", "b": 0.1},
                {"a": null, "b": "+-0"},
                {"a": 2.0, "b": 3},
            ])
        );
    }
}
