//! What is answered instead of the truth. Pure.

use serde_json::Value;

use super::fault::RpcFault;

/// Blocks that an old head is behind at most.
const OLDEST: u64 = 10;
/// What an absurd head is above the true one.
const ABSURD: u64 = 1 << 40;

/// The answer that a fault makes of the true one; `remembered` is a log that was told before.
pub(super) fn spoil(fault: RpcFault, shape: u64, truth: Value, remembered: Option<&Value>) -> Value {
    match fault {
        RpcFault::OmitLog => change_list(truth, |logs| {
            if !logs.is_empty() {
                logs.remove(place(shape, logs.len()));
            }
        }),
        RpcFault::RepeatLog => change_list(truth, |logs| {
            if let Some(log) = logs.get(place(shape, logs.len())).cloned() {
                logs.push(log);
            }
        }),
        RpcFault::InventLog => change_list(truth, |logs| {
            let model = logs.get(place(shape, logs.len())).or(remembered).cloned();
            logs.extend(model.map(|log| invent(log, shape)));
        }),
        RpcFault::OldHead => move_head(truth, |head| head.saturating_sub(1 + shape % OLDEST)),
        RpcFault::AbsurdHead => move_head(truth, |head| head.saturating_add(ABSURD)),
        RpcFault::AlterCall => flip(truth, shape),
        RpcFault::WrongCount => move_head(truth, |count| match shape % 3 {
            0 => count.saturating_sub(1 + shape % 5),
            1 => count.saturating_add(1 + shape % 5),
            _ => ABSURD,
        }),
        _ => truth,
    }
}

fn place(shape: u64, length: usize) -> usize {
    usize::try_from(shape % (length.max(1) as u64)).unwrap_or_default()
}

fn change_list(truth: Value, change: impl FnOnce(&mut Vec<Value>)) -> Value {
    match truth {
        Value::Array(mut list) => {
            change(&mut list);
            Value::Array(list)
        }
        other => other,
    }
}

/// A log like a true one with another first argument, transaction and place.
fn invent(mut log: Value, shape: u64) -> Value {
    if let Some(argument) = log.pointer_mut("/topics/1") {
        *argument = Value::String(format!("0x{:064x}", 1_000_000 + shape % 1000));
    }
    for (field, width) in [("transactionHash", 64), ("blockHash", 64)] {
        if let Some(value) = log.get_mut(field) {
            *value = Value::String(format!("0x{shape:0width$x}"));
        }
    }
    log
}

/// A quantity, or a block's number.
fn move_head(truth: Value, change: impl Fn(u64) -> u64) -> Value {
    let moved = |text: &str| {
        let number = u64::from_str_radix(text.trim_start_matches("0x"), 16).ok()?;
        Some(Value::String(format!("{:#x}", change(number))))
    };
    match truth {
        Value::String(text) => moved(&text).unwrap_or(Value::String(text)),
        Value::Object(mut block) => {
            let number = block.get("number").and_then(Value::as_str).and_then(moved);
            if let Some(number) = number {
                block.insert("number".to_owned(), number);
            }
            Value::Object(block)
        }
        other => other,
    }
}

/// One digit of a hexadecimal answer is another.
fn flip(truth: Value, shape: u64) -> Value {
    let Value::String(text) = truth else { return truth };
    let digits = text.len().saturating_sub(2);
    let chosen = 2 + place(shape, digits);
    let other = |(at, digit): (usize, char)| match digit.to_digit(16) {
        Some(value) if at == chosen => char::from_digit(value ^ 1, 16).unwrap_or(digit),
        _ => digit,
    };
    Value::String(text.chars().enumerate().map(other).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn logs_are_left_out_repeated_and_invented() {
        let truth = json!([{"topics": ["0x1", "0x2"], "transactionHash": "0x3", "blockHash": "0x4"}]);
        let told = |fault| spoil(fault, 5, truth.clone(), None);
        assert_eq!(told(RpcFault::OmitLog), json!([]));
        assert_eq!(told(RpcFault::RepeatLog).as_array().unwrap().len(), 2);
        let invented = told(RpcFault::InventLog);
        assert_eq!(invented[0], truth[0]);
        assert_ne!(invented[1]["topics"][1], truth[0]["topics"][1]);
        let from_memory = spoil(RpcFault::InventLog, 5, json!([]), truth.get(0));
        assert_eq!(from_memory.as_array().unwrap().len(), 1);
    }

    #[test]
    fn heads_are_old_or_absurd_in_both_shapes() {
        assert_eq!(spoil(RpcFault::OldHead, 0, json!("0x10"), None), json!("0xf"));
        let block = spoil(RpcFault::AbsurdHead, 0, json!({"number": "0x10"}), None);
        assert_eq!(block["number"], json!("0x10000000010"));
    }

    #[test]
    fn one_digit_of_an_answer_is_altered() {
        assert_eq!(spoil(RpcFault::AlterCall, 1, json!("0x00"), None), json!("0x01"));
        assert_eq!(spoil(RpcFault::AlterCall, 1, json!("0x"), None), json!("0x"));
    }
}
