//! QEMU's monitor: what the owner of the machine can do to a guest from outside.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// A connection to the monitor.
pub struct Monitor {
    reader: BufReader<UnixStream>,
}

impl Monitor {
    /// Connects and takes up the conversation.
    pub fn connect(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).unwrap();
        let mut monitor = Self {
            reader: BufReader::new(stream),
        };
        monitor.read();
        monitor.execute("qmp_capabilities");
        monitor
    }

    /// Has a command done and returns its answer.
    pub fn execute(&mut self, command: &str) -> Value {
        let line = format!("{}\n", json!({ "execute": command }));
        self.reader.get_mut().write_all(line.as_bytes()).unwrap();
        loop {
            let answer = self.read();
            match (answer.get("return"), answer.get("error")) {
                (Some(value), _) => return value.clone(),
                (None, Some(error)) => panic!("{command}: {error}"),
                // An event: nobody asked.
                (None, None) => {}
            }
        }
    }

    fn read(&mut self) -> Value {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
    }
}
