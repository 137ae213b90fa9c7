//! JSON-RPC 2.0 framing shared by the chain and the storage node: single calls, batches, errors.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Most calls one batch may hold.
pub const BATCH_LIMIT: usize = 256;

/// An error object as it goes over the wire.
#[derive(Debug, Clone, PartialEq)]
pub struct RpcError {
    /// JSON-RPC error code.
    pub code: i64,
    /// What went wrong.
    pub message: String,
    /// Further data: revert bytes of a call, or the reason text of a storage node.
    pub data: Option<Value>,
}

impl RpcError {
    /// −32700: the body is no JSON.
    pub fn parse(reason: impl ToString) -> Self {
        Self {
            code: -32700,
            message: reason.to_string(),
            data: None,
        }
    }

    /// −32600: JSON, but no request.
    pub fn invalid_request(reason: impl ToString) -> Self {
        Self {
            code: -32600,
            message: reason.to_string(),
            data: None,
        }
    }

    /// −32601: a method this server does not have.
    pub fn method_not_found(method: &str) -> Self {
        Self {
            code: -32601,
            message: format!("method {method:?} is not supported"),
            data: None,
        }
    }

    /// −32602: a parameter that is missing or malformed.
    pub fn invalid_params(reason: impl ToString) -> Self {
        Self {
            code: -32602,
            message: reason.to_string(),
            data: None,
        }
    }

    /// −32000: the server's own refusal, as free text.
    pub fn server(reason: impl ToString) -> Self {
        Self {
            code: -32000,
            message: reason.to_string(),
            data: None,
        }
    }

    fn to_value(&self) -> Value {
        match &self.data {
            Some(data) => json!({"code": self.code, "message": self.message, "data": data}),
            None => json!({"code": self.code, "message": self.message}),
        }
    }
}

/// Positional parameters of one call.
#[derive(Debug, Default)]
pub struct Params(Vec<Value>);

impl Params {
    /// The parameter at `index`.
    ///
    /// # Errors
    /// −32602 when it is missing, null or of another shape.
    pub fn required<T: DeserializeOwned>(&mut self, index: usize, name: &str) -> Result<T, RpcError> {
        self.optional(index, name)?
            .ok_or_else(|| RpcError::invalid_params(format!("missing parameter {name}")))
    }

    /// The parameter at `index`, `None` when it is missing or null.
    ///
    /// # Errors
    /// −32602 when it has another shape.
    pub fn optional<T: DeserializeOwned>(&mut self, index: usize, name: &str) -> Result<Option<T>, RpcError> {
        match self.0.get_mut(index).map(Value::take) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => serde_json::from_value(value)
                .map(Some)
                .map_err(|error| RpcError::invalid_params(format!("invalid parameter {name}: {error}"))),
        }
    }
}

impl From<Vec<Value>> for Params {
    fn from(values: Vec<Value>) -> Self {
        Self(values)
    }
}

/// What answers calls. It is run on a thread that may block.
pub trait Methods: Send + Sync + 'static {
    /// Answers one call.
    ///
    /// # Errors
    /// The error object for the client.
    fn call(&self, method: &str, params: Params) -> Result<Value, RpcError>;
}

/// Answers a request body, single or batch. `None` when the body holds notifications only.
pub fn answer(methods: &dyn Methods, body: &[u8]) -> Option<Value> {
    match serde_json::from_slice::<Value>(body) {
        Err(error) => Some(response(Value::Null, Err(RpcError::parse(error)))),
        Ok(Value::Array(calls)) if calls.is_empty() => {
            Some(response(Value::Null, Err(RpcError::invalid_request("an empty batch"))))
        }
        Ok(Value::Array(calls)) if calls.len() > BATCH_LIMIT => {
            let error = RpcError::invalid_request(format!("a batch of {} calls, at most {BATCH_LIMIT}", calls.len()));
            Some(response(Value::Null, Err(error)))
        }
        Ok(Value::Array(calls)) => {
            let answers: Vec<Value> = calls.into_iter().filter_map(|call| answer_one(methods, call)).collect();
            (!answers.is_empty()).then_some(Value::Array(answers))
        }
        Ok(call) => answer_one(methods, call),
    }
}

fn answer_one(methods: &dyn Methods, call: Value) -> Option<Value> {
    let Value::Object(mut call) = call else {
        return Some(response(
            Value::Null,
            Err(RpcError::invalid_request("a call is a JSON object")),
        ));
    };
    let id = call.remove("id");
    let result = match (call.remove("method"), call.remove("params")) {
        (Some(Value::String(method)), None | Some(Value::Null)) => methods.call(&method, Params::default()),
        (Some(Value::String(method)), Some(Value::Array(params))) => methods.call(&method, Params(params)),
        (Some(Value::String(_)), Some(_)) => Err(RpcError::invalid_params("parameters are positional")),
        _ => Err(RpcError::invalid_request("a call names its method")),
    };
    id.map(|id| response(id, result))
}

fn response(id: Value, result: Result<Value, RpcError>) -> Value {
    match result {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(error) => json!({"jsonrpc": "2.0", "id": id, "error": error.to_value()}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Echo;
    impl Methods for Echo {
        fn call(&self, method: &str, mut params: Params) -> Result<Value, RpcError> {
            match method {
                "echo" => params.required(0, "text"),
                other => Err(RpcError::method_not_found(other)),
            }
        }
    }

    #[test]
    fn a_batch_is_answered_in_order_and_a_notification_not_at_all() {
        let body =
            br#"[{"id":1,"method":"echo","params":["a"]},{"method":"echo","params":["b"]},{"id":2,"method":"no"}]"#;
        let answer = answer(&Echo, body).unwrap();
        assert_eq!(answer[0], json!({"jsonrpc":"2.0","id":1,"result":"a"}));
        assert_eq!(answer[1]["error"]["code"], -32601);
        assert_eq!(answer.as_array().unwrap().len(), 2);
    }

    #[test]
    fn a_batch_over_the_limit_is_refused_whole() {
        let body = Value::Array(vec![json!({"id":1,"method":"echo","params":["a"]}); BATCH_LIMIT + 1]).to_string();
        assert_eq!(answer(&Echo, body.as_bytes()).unwrap()["error"]["code"], -32600);
    }

    proptest! {
        #[test]
        fn no_body_makes_the_framing_panic(body in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = answer(&Echo, &body);
        }
    }
}
