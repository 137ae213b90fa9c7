//! The candidate: answers with squares, or does what its `solution` says instead.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{Channel, HONEST, pause, solution};
use crate::kernel::{self, Fork};

/// A longer line than any relay lets through.
const LONG: usize = (1 << 20) + 16;

pub fn run() -> io::Result<ExitCode> {
    let words = solution()?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut channel = Channel::open()?;
    match words.as_slice() {
        ["honest"] => answer(&mut channel, |_, question| question.to_string())?,
        ["ahead", "thread"] => work_ahead_in_a_thread(&mut channel)?,
        ["ahead", "child"] => work_ahead_in_a_child(&mut channel)?,
        ["ahead", "clock"] => count_sleep(&mut channel)?,
        ["two-lines"] => answer(&mut channel, |_, square| format!("{square}\n0"))?,
        ["stall", milliseconds] => {
            let time = crate::number(milliseconds)?;
            answer(&mut channel, |_, square| {
                pause(time);
                square.to_string()
            })?;
        }
        ["metric-on-channel"] => answer(&mut channel, |_, _| "METRIC=1".into())?,
        ["seed", known] => {
            let known = (*known).to_owned();
            answer(&mut channel, move |question, _| format!("{known}-{question}"))?;
        }
        ["find-seed"] => {
            let seed = seed_of_somebody();
            answer(&mut channel, move |question, _| format!("{seed}-{question}"))?;
        }
        ["leave"] => println!("METRIC=1"),
        words => {
            do_first(words, &mut channel)?;
            answer(&mut channel, |_, square| square.to_string())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What is done at the beginning by candidates that answer afterwards as if nothing had been.
fn do_first(words: &[&str], channel: &mut Channel) -> io::Result<()> {
    match words {
        ["unasked"] => channel.send("0\n0"),
        ["unasked-later"] => {
            // The first answer is right; the next ones are sent before their questions, by a process of its own.
            answer_once(channel)?;
            channel.send("0\n0")
        }
        ["half-line", milliseconds] => {
            let time = crate::number(milliseconds)?;
            channel.receive()?;
            channel.send_raw(b"4")?;
            pause(time);
            channel.send("")
        }
        ["long-line"] => {
            channel.receive()?;
            channel.send_raw(&vec![b'7'; LONG])?;
            channel.send("")
        }
        ["metric-descriptor"] => {
            answer_once(channel)?;
            use_the_metrics_descriptor()
        }
        ["write-then", path] => {
            write_to(path);
            Ok(())
        }
        ["print", line] => {
            println!("{line}");
            Ok(())
        }
        ["print-error", line] => {
            eprintln!("{line}");
            Ok(())
        }
        ["then", rest @ ..] => {
            // The attack inside the first window.
            answer_once(channel)?;
            crate::run(rest);
            Ok(())
        }
        _ => Err(io::Error::other(format!("no candidate is called {words:?}"))),
    }
}

/// Where nobody gave us one, the number is free, or something of our own.
fn use_the_metrics_descriptor() -> io::Result<()> {
    if std::fs::read_link("/proc/self/fd/4").is_ok_and(|target| target.to_string_lossy().starts_with("pipe:")) {
        writeln!(kernel::own(4), "1")?;
        println!("got the metric's descriptor");
    } else {
        println!("held: no descriptor for a metric");
    }
    Ok(())
}

fn write_to(path: &str) {
    let written = OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .and_then(|mut file| writeln!(file, "1"));
    println!(
        "{}",
        written.map_or_else(|error| format!("held: {error}"), |()| format!("got {path}"))
    );
}

fn question_of(line: &str) -> u64 {
    line.chars()
        .filter(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .unwrap_or_default()
}

/// Answers until the judge is gone; the function is given the question and its square.
fn answer(channel: &mut Channel, mut reply: impl FnMut(u64, u64) -> String) -> io::Result<()> {
    while let Some(line) = channel.receive()? {
        let question = question_of(&line);
        channel.send(&reply(question, question * question))?;
    }
    Ok(())
}

fn answer_once(channel: &mut Channel) -> io::Result<()> {
    if let Some(line) = channel.receive()? {
        let question = question_of(&line);
        channel.send(&format!("{}", question * question))?;
    }
    Ok(())
}

/// Milliseconds of work that were done since the last answer.
fn work_ahead_in_a_thread(channel: &mut Channel) -> io::Result<()> {
    let worked = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&worked);
    std::thread::spawn(move || count_work(&counter));
    answer_with_counter(channel, &worked)
}

/// The same by a process, and through a page that both have.
fn work_ahead_in_a_child(channel: &mut Channel) -> io::Result<()> {
    let path = "/tmp/worked";
    std::fs::write(path, "")?;
    if let Fork::Child = kernel::fork()? {
        let mut file = OpenOptions::new().append(true).open(path)?;
        loop {
            busy(Duration::from_millis(1));
            file.write_all(b".")?;
        }
    }
    let mut before = 0;
    while let Some(line) = channel.receive()? {
        let now = std::fs::metadata(path)?.len();
        let question = question_of(&line);
        channel.send(&format!("{} {}", question * question, ahead(now - before)))?;
        before = std::fs::metadata(path)?.len();
    }
    Ok(())
}

fn answer_with_counter(channel: &mut Channel, worked: &AtomicU64) -> io::Result<()> {
    let mut before = worked.load(Ordering::Relaxed);
    while let Some(line) = channel.receive()? {
        let now = worked.load(Ordering::Relaxed);
        let question = question_of(&line);
        channel.send(&format!("{} {}", question * question, ahead(now - before)))?;
        before = worked.load(Ordering::Relaxed);
    }
    Ok(())
}

/// What a window's own few milliseconds give is no work ahead, nor what a busy machine takes to freeze.
fn ahead(milliseconds: u64) -> u64 {
    if milliseconds < 250 { 0 } else { milliseconds }
}

fn count_work(counter: &AtomicU64) {
    loop {
        busy(Duration::from_millis(1));
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Work is counted in a processor's time, not in the clock's.
fn busy(time: Duration) {
    let begun = kernel::clock(libc::CLOCK_THREAD_CPUTIME_ID);
    let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or_default();
    while kernel::clock(libc::CLOCK_THREAD_CPUTIME_ID).saturating_sub(begun) < nanoseconds {}
}

/// A timer that goes off while nobody asked: what runs then?
fn count_sleep(channel: &mut Channel) -> io::Result<()> {
    let ticks = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&ticks);
    std::thread::spawn(move || {
        loop {
            let begun = Instant::now();
            pause(1);
            // One that was stopped finds that much time has gone by, once.
            counter.fetch_add(
                u64::from(begun.elapsed() < Duration::from_millis(50)),
                Ordering::Relaxed,
            );
        }
    });
    answer_with_counter(channel, &ticks)
}

/// The judge's seed, from wherever it may be seen.
fn seed_of_somebody() -> String {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    for entry in entries {
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        let text = String::from_utf8_lossy(&environment).into_owned();
        if let Some(seed) = text.split('\0').find_map(|setting| setting.strip_prefix("ORV_SEED=")) {
            return seed.get(..8).unwrap_or_default().to_owned();
        }
    }
    if let Ok(seed) = std::env::var("ORV_SEED") {
        return seed.get(..8).unwrap_or_default().to_owned();
    }
    HONEST.to_string()
}
