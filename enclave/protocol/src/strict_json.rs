//! One way to read a JSON document that somebody else wrote: bounded, unknown keys refused by the types, `null` refused
//! everywhere, and the path of what was refused in every error.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Why bytes are not the document that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Longer than the bound, before anything was parsed.
    #[error("document has {length} bytes, at most {limit} are read")]
    TooLong {
        /// Bytes given.
        length: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Not JSON, not UTF-8, nested too deeply, or something follows the document.
    #[error("not one JSON document: {message}")]
    Syntax {
        /// What the JSON reader said, with line and column.
        message: String,
    },
    /// A key that the schema does not have, a value outside its set, or a field that is missing.
    #[error("{path}: {message}")]
    Field {
        /// Path of the refused value, keys joined by dots, `.` for the document itself.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// An optional field is left out, never `null`.
    #[error("{path}: null is no value of this field")]
    Null {
        /// Path of the `null`.
        path: String,
    },
}

/// Reads `bytes` as a `T`; keys directly beneath the root named in `open` may hold anything.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8], limit: usize, open: &[&str]) -> Result<T, JsonError> {
    if bytes.len() > limit {
        return Err(JsonError::TooLong {
            length: bytes.len(),
            limit,
        });
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let document = serde_path_to_error::deserialize(&mut reader).map_err(refused)?;
    reader.end().map_err(|error| JsonError::Syntax {
        message: error.to_string(),
    })?;
    let value: Value = serde_json::from_slice(bytes).map_err(|error| JsonError::Syntax {
        message: error.to_string(),
    })?;
    refuse_null(&value, open)?;
    Ok(document)
}

fn refused(error: serde_path_to_error::Error<serde_json::Error>) -> JsonError {
    let path = error.path().to_string();
    let inner = error.into_inner();
    match inner.classify() {
        serde_json::error::Category::Data => JsonError::Field {
            path,
            message: inner.to_string(),
        },
        _ => JsonError::Syntax {
            message: inner.to_string(),
        },
    }
}

fn refuse_null(document: &Value, open: &[&str]) -> Result<(), JsonError> {
    let Value::Object(fields) = document else {
        return Ok(());
    };
    for (key, value) in fields {
        if !open.contains(&key.as_str()) {
            walk(value, &mut vec![key.clone()])?;
        }
    }
    Ok(())
}

/// The depth is bounded: the reader above has already refused anything nested deeper than it can follow.
fn walk(value: &Value, path: &mut Vec<String>) -> Result<(), JsonError> {
    match value {
        Value::Null => Err(JsonError::Null { path: path.join(".") }),
        Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
            path.push(format!("[{index}]"));
            walk(item, path)?;
            path.pop();
            Ok(())
        }),
        Value::Object(fields) => fields.iter().try_for_each(|(key, item)| {
            path.push(key.clone());
            walk(item, path)?;
            path.pop();
            Ok(())
        }),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}
