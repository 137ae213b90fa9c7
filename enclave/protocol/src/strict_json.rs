//! One way to read a JSON document that somebody else wrote: bounded, unknown keys refused by the types, `null` refused
//! and misplaced lists refused everywhere, and the path of what was refused in every error.

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
    /// A list stands where the schema has none.
    #[error("{path}: a list is no value of this field")]
    List {
        /// Path of the list, empty for the document itself.
        path: String,
    },
}

/// What the types alone do not say of a document.
pub(crate) struct Shape {
    /// Longest document, in bytes.
    pub longest: usize,
    /// Keys at the top whose blocks upstream leaves open.
    pub open: &'static [&'static str],
    /// Fields of open blocks that upstream names.
    pub named_in_open: &'static [&'static str],
    /// Keys that hold lists. Derived readers would take a list for an object whose fields come in order, so a list
    /// anywhere else is refused.
    pub lists: &'static [&'static str],
}

/// Reads `bytes` as a `T` of this shape.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8], shape: &Shape) -> Result<T, JsonError> {
    if bytes.len() > shape.longest {
        return Err(JsonError::TooLong {
            length: bytes.len(),
            limit: shape.longest,
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
    // The depth of the walk is bounded: the reader has refused anything nested deeper than it follows.
    shape.walk(&value, &mut Vec::new())?;
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

impl Shape {
    fn walk(&self, value: &Value, path: &mut Vec<String>) -> Result<(), JsonError> {
        match value {
            Value::Null => Err(JsonError::Null { path: path.join(".") }),
            Value::Array(items) => self.walk_list(items, path),
            Value::Object(fields) => fields
                .iter()
                .try_for_each(|(key, item)| self.step(key.clone(), item, path)),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }

    fn walk_list(&self, items: &[Value], path: &mut Vec<String>) -> Result<(), JsonError> {
        if !path.last().is_some_and(|key| self.lists.contains(&key.as_str())) {
            return Err(JsonError::List { path: path.join(".") });
        }
        items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| self.step(format!("[{index}]"), item, path))
    }

    fn step(&self, key: String, value: &Value, path: &mut Vec<String>) -> Result<(), JsonError> {
        let in_open_block = path.len() == 2 && path.first().is_some_and(|top| self.open.contains(&top.as_str()));
        if in_open_block && !self.named_in_open.contains(&key.as_str()) {
            return Ok(());
        }
        path.push(key);
        self.walk(value, path)?;
        path.pop();
        Ok(())
    }
}
