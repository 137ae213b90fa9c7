//! Runs one script with the libraries `json`, `channel` and `metric`.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use mlua::chunk::ChunkMode;
use mlua::{Lua, LuaString, Table, Value};

use crate::channel::Channel;
use crate::json;
use crate::metric::Metric;

/// What the process was given beside its standard streams. An absent descriptor only matters to a script that uses it.
pub struct Descriptors {
    /// Descriptor 3.
    pub channel: io::Result<Channel>,
    /// Descriptor 4.
    pub metric: io::Result<Metric<File>>,
}

/// Why a script did not end well.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The script's file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The script.
        path: PathBuf,
        /// The kernel's reason.
        source: io::Error,
    },
    /// The script raised an error, or the interpreter did.
    #[error(transparent)]
    Lua(#[from] mlua::Error),
}

/// Runs `script` to its end with `arguments` in its table `arg`.
///
/// # Errors
/// [`RunError`] where the file is unreadable or the script raises an error that nothing in it catches.
pub fn run(script: &Path, arguments: &[OsString], descriptors: Descriptors) -> Result<(), RunError> {
    let source = fs::read(script).map_err(|source| RunError::Unreadable {
        path: script.to_owned(),
        source,
    })?;
    let lua = Lua::new();
    let globals = lua.globals();
    globals.set("arg", arguments_table(&lua, script, arguments)?)?;
    globals.set("json", json_library(&lua)?)?;
    globals.set("channel", channel_library(&lua, descriptors.channel)?)?;
    globals.set("metric", metric_library(&lua, descriptors.metric)?)?;
    search_beside(&globals, script)?;
    lua.load("math.randomseed(0)").exec()?;
    lua.load(source)
        .set_name(format!("@{}", script.display()))
        .set_mode(ChunkMode::Text)
        .exec()?;
    Ok(())
}

fn arguments_table(lua: &Lua, script: &Path, arguments: &[OsString]) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set(0, lua.create_string(script.as_os_str().as_bytes())?)?;
    for (index, argument) in arguments.iter().enumerate() {
        table.raw_set(index + 1, lua.create_string(argument.as_bytes())?)?;
    }
    Ok(table)
}

/// `require` looks beside the script and nowhere else: no variable of the environment and no system folder takes part.
fn search_beside(globals: &Table, script: &Path) -> mlua::Result<()> {
    let folder = match script.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.display().to_string(),
        _ => ".".to_owned(),
    };
    globals
        .get::<Table>("package")?
        .set("path", format!("{folder}/?.lua;{folder}/?/init.lua"))
}

fn json_library(lua: &Lua) -> mlua::Result<Table> {
    let library = lua.create_table()?;
    library.set("null", Value::NULL)?;
    library.set(
        "encode",
        lua.create_function(|_, value: Value| json::encode(&value).map_err(mlua::Error::external))?,
    )?;
    library.set(
        "decode",
        lua.create_function(|lua, text: LuaString| json::decode(lua, &text.as_bytes()).map_err(mlua::Error::external))?,
    )?;
    Ok(library)
}

fn channel_library(lua: &Lua, channel: io::Result<Channel>) -> mlua::Result<Table> {
    let library = lua.create_table()?;
    let channel = std::rc::Rc::new(RefCell::new(channel));
    let incoming = channel.clone();
    library.set(
        "receive",
        lua.create_function(move |lua, ()| {
            let mut channel = incoming.borrow_mut();
            let line = present(&mut channel, "channel")?
                .receive()
                .map_err(mlua::Error::external)?;
            line.map(|line| lua.create_string(line)).transpose()
        })?,
    )?;
    library.set(
        "send",
        lua.create_function(move |_, text: LuaString| {
            let mut channel = channel.borrow_mut();
            present(&mut channel, "channel")?
                .send(&text.as_bytes())
                .map_err(mlua::Error::external)
        })?,
    )?;
    Ok(library)
}

fn metric_library(lua: &Lua, metric: io::Result<Metric<File>>) -> mlua::Result<Table> {
    let library = lua.create_table()?;
    let metric = RefCell::new(metric);
    library.set(
        "write",
        lua.create_function(move |_, text: LuaString| {
            let mut metric = metric.borrow_mut();
            present(&mut metric, "metric")?
                .write(&text.as_bytes())
                .map_err(mlua::Error::external)
        })?,
    )?;
    Ok(library)
}

/// The descriptor's object, or the error that a script sees when the process was started without it.
fn present<'a, T>(opened: &'a mut io::Result<T>, name: &str) -> mlua::Result<&'a mut T> {
    opened
        .as_mut()
        .map_err(|error| mlua::Error::runtime(format!("this process has no {name}: {error}")))
}
