//! Lua values as JSON text and back, one spelling for each value.
//!
//! | Lua | JSON |
//! |---|---|
//! | `json.null` | null |
//! | boolean, string of UTF-8 | the same |
//! | integer | number without a point |
//! | finite float | number with a point or an exponent |
//! | table with the keys 1..n, or no key | array |
//! | table with string keys | object, keys in byte order |
//!
//! Anything else (functions, mixed keys, holes, other strings, NaN) is an error, and so is nesting beyond
//! [`MAXIMUM_DEPTH`], which also ends a table that holds itself.

use std::collections::BTreeMap;

use mlua::{Lua, Table, Value};
use serde_json::{Map, Number, Value as Json};

/// How many tables may lie within each other.
pub const MAXIMUM_DEPTH: usize = 100;

/// Why a value or a text could not be converted.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// A type that JSON does not have.
    #[error("a {0} has no JSON form")]
    NoForm(&'static str),
    /// NaN or an infinity.
    #[error("the number {0} has no JSON form")]
    NotFinite(f64),
    /// A string that is not UTF-8.
    #[error("a string with byte {0} is not UTF-8 after it")]
    NotUtf8(usize),
    /// A table that is neither a sequence nor an object.
    #[error("a table needs the keys 1 to n, or string keys alone, to have a JSON form; it has a {0} key")]
    MixedKeys(&'static str),
    /// Tables nested deeper than [`MAXIMUM_DEPTH`].
    #[error("tables are nested more than {MAXIMUM_DEPTH} deep")]
    TooDeep,
    /// Text that is not JSON.
    #[error("not JSON: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The interpreter failed, for want of memory for example.
    #[error(transparent)]
    Lua(#[from] mlua::Error),
}

/// The JSON text of `value`, on one line.
///
/// # Errors
/// [`JsonError`] for a value without a JSON form.
pub fn encode(value: &Value) -> Result<String, JsonError> {
    Ok(serde_json::to_string(&json_of(value, 0)?)?)
}

/// The value of a JSON text.
///
/// # Errors
/// [`JsonError::Malformed`] where the text is not exactly one JSON value.
pub fn decode(lua: &Lua, text: &[u8]) -> Result<Value, JsonError> {
    lua_of(lua, &serde_json::from_slice(text)?)
}

fn json_of(value: &Value, depth: usize) -> Result<Json, JsonError> {
    match value {
        value if value.is_null() => Ok(Json::Null),
        Value::Boolean(truth) => Ok(Json::Bool(*truth)),
        Value::Integer(integer) => Ok(Json::from(*integer)),
        Value::Number(float) => Number::from_f64(*float)
            .map(Json::Number)
            .ok_or(JsonError::NotFinite(*float)),
        Value::String(text) => utf8(&text.as_bytes()).map(Json::String),
        Value::Table(_) if depth == MAXIMUM_DEPTH => Err(JsonError::TooDeep),
        Value::Table(table) => match table.raw_len() {
            0 => object_of(table, depth),
            length => array_of(table, length, depth),
        },
        other => Err(JsonError::NoForm(other.type_name())),
    }
}

fn array_of(table: &Table, length: usize, depth: usize) -> Result<Json, JsonError> {
    let mut elements = Vec::new();
    for pair in table.pairs::<Value, Value>() {
        let (key, _) = pair?;
        match key {
            Value::Integer(index) if usize::try_from(index).is_ok_and(|index| (1..=length).contains(&index)) => {}
            other => return Err(JsonError::MixedKeys(other.type_name())),
        }
    }
    for index in 1..=length {
        elements.push(json_of(&table.raw_get(index)?, depth + 1)?);
    }
    Ok(Json::Array(elements))
}

/// A table without a sequence part: an object, or the empty array.
fn object_of(table: &Table, depth: usize) -> Result<Json, JsonError> {
    // Sorted here, because whether serde_json sorts depends on a feature that any crate of a build can set.
    let mut members = BTreeMap::new();
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair?;
        let Value::String(key) = key else {
            return Err(JsonError::MixedKeys(key.type_name()));
        };
        members.insert(utf8(&key.as_bytes())?, json_of(&value, depth + 1)?);
    }
    if members.is_empty() {
        return Ok(Json::Array(Vec::new()));
    }
    Ok(Json::Object(Map::from_iter(members)))
}

fn utf8(bytes: &[u8]) -> Result<String, JsonError> {
    match str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => Err(JsonError::NotUtf8(error.valid_up_to())),
    }
}

fn lua_of(lua: &Lua, json: &Json) -> Result<Value, JsonError> {
    Ok(match json {
        Json::Null => Value::NULL,
        Json::Bool(truth) => Value::Boolean(*truth),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Value::Integer(integer),
            (None, Some(float)) => Value::Number(float),
            (None, None) => return Err(JsonError::NoForm("number beyond the float range")),
        },
        Json::String(text) => Value::String(lua.create_string(text)?),
        Json::Array(elements) => {
            let table = lua.create_table_with_capacity(elements.len(), 0)?;
            for (index, element) in elements.iter().enumerate() {
                table.raw_set(index + 1, lua_of(lua, element)?)?;
            }
            Value::Table(table)
        }
        Json::Object(members) => {
            let table = lua.create_table_with_capacity(0, members.len())?;
            for (key, member) in members {
                table.raw_set(key.as_str(), lua_of(lua, member)?)?;
            }
            Value::Table(table)
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(expression: &str) -> Result<String, JsonError> {
        encode(&Lua::new().load(expression).eval::<Value>().unwrap())
    }

    #[test]
    fn keys_stand_in_byte_order() {
        assert_eq!(
            encoded("{ b = 1, a = { 2, 3 }, ['é'] = true }").unwrap(),
            r#"{"a":[2,3],"b":1,"é":true}"#
        );
    }

    #[test]
    fn integers_and_floats_stay_apart() {
        assert_eq!(
            encoded("{ 3, 3.0, math.mininteger }").unwrap(),
            "[3,3.0,-9223372036854775808]"
        );
    }

    #[test]
    fn the_empty_table_is_an_array() {
        assert_eq!(encoded("{}").unwrap(), "[]");
    }

    #[test]
    fn what_json_cannot_say_is_an_error() {
        assert!(matches!(encoded("0/0"), Err(JsonError::NotFinite(_))));
        assert!(matches!(encoded("print"), Err(JsonError::NoForm("function"))));
        assert!(matches!(encoded("'a\\xff'"), Err(JsonError::NotUtf8(1))));
        assert!(matches!(encoded("{ 1, a = 2 }"), Err(JsonError::MixedKeys("string"))));
        assert!(matches!(
            encoded("{ [true] = 2 }"),
            Err(JsonError::MixedKeys("boolean"))
        ));
    }

    #[test]
    fn a_table_that_holds_itself_is_an_error() {
        assert!(matches!(
            encoded("(function() local t = {} t.t = t return t end)()"),
            Err(JsonError::TooDeep)
        ));
    }

    #[test]
    fn null_survives_the_way_there_and_back() {
        let lua = Lua::new();
        assert_eq!(encode(&decode(&lua, b"[null,1]").unwrap()).unwrap(), "[null,1]");
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<f64>()
                .prop_filter("finite", |float| float.is_finite())
                .prop_map(Json::from),
            ".{0,8}".prop_map(Json::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
                prop::collection::btree_map(".{0,6}", inner, 1..6)
                    .prop_map(|members| Json::Object(Map::from_iter(members))),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_json_value_survives_lua(json in any_json()) {
            let lua = Lua::new();
            let text = json.to_string();
            let again = encode(&decode(&lua, text.as_bytes()).unwrap()).unwrap();
            prop_assert_eq!(serde_json::from_str::<Json>(&again).unwrap(), json);
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let lua = Lua::new();
            let _ = decode(&lua, &bytes);
        }
    }
}
