//! The `[page]` table of the configuration.

use crate::error::VerifierError;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Most names that a page answers to.
const MOST_HOSTS: usize = 16;

/// Where the page is, and under which names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageSettings {
    /// Where browsers and Prometheus connect. Everybody who can reach it can read it, so another machine's reach must be
    /// written out: the default is this machine alone.
    #[serde(default = "defaults::listen")]
    pub listen: SocketAddr,
    /// Names under which it may be asked for, beside `localhost` and bare addresses: a name that is not listed may be a
    /// stranger's who points it here.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// A block explorer, `http(s)://HOST`: transactions lead to `/tx/HASH` there. Absent: their hashes are text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explorer: Option<String>,
    /// Seconds without a word from the daemon's loop after which it no longer counts as alive; a run in flight adds
    /// what a run may take.
    #[serde(default = "defaults::stalled_seconds")]
    pub stalled_seconds: u64,
}

mod defaults {
    use super::{IpAddr, Ipv4Addr, SocketAddr};

    pub(super) fn listen() -> SocketAddr {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9660)
    }

    pub(super) fn stalled_seconds() -> u64 {
        900
    }
}

impl Default for PageSettings {
    fn default() -> Self {
        Self {
            listen: defaults::listen(),
            hosts: Vec::new(),
            explorer: None,
            stalled_seconds: defaults::stalled_seconds(),
        }
    }
}

impl PageSettings {
    /// Whether every setting makes sense.
    ///
    /// # Errors
    /// [`VerifierError::Configuration`] with the setting.
    pub fn check(&self) -> Result<(), VerifierError> {
        let wrong = |text: String| Err(VerifierError::Configuration(text));
        if self.hosts.len() > MOST_HOSTS {
            return wrong(format!("page.hosts: {} names, at most {MOST_HOSTS}", self.hosts.len()));
        }
        if let Some(host) = self.hosts.iter().find(|host| !is_name(host)) {
            return wrong(format!("page.hosts: {host:?} is not a name without port"));
        }
        if let Some(explorer) = self.explorer.as_ref().filter(|address| !is_explorer(address)) {
            return wrong(format!("page.explorer: {explorer:?} is not http(s)://HOST"));
        }
        if self.stalled_seconds == 0 {
            return wrong("page.stalled_seconds = 0: at least 1".to_owned());
        }
        Ok(())
    }

    /// Whether a request that names this host is meant for us. A bare address cannot be a stranger's name.
    pub(super) fn answers_to(&self, host: &str) -> bool {
        let name = without_port(host);
        let bracketed = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        bracketed.unwrap_or(name).parse::<IpAddr>().is_ok()
            || name.eq_ignore_ascii_case("localhost")
            || self.hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|digit| digit.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

fn is_name(host: &str) -> bool {
    let of_a_name = |letter: char| letter.is_ascii_alphanumeric() || "-.".contains(letter);
    !host.is_empty() && host.len() <= 253 && host.chars().all(of_a_name)
}

fn is_explorer(address: &str) -> bool {
    let rest = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"));
    let of_an_address = |letter: char| letter.is_ascii_alphanumeric() || "-._~:/[]".contains(letter);
    rest.is_some_and(|rest| !rest.is_empty() && rest.len() <= 253 && rest.chars().all(of_an_address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_name_for_this_address_is_not_answered() {
        let settings = PageSettings {
            hosts: vec!["verifier.example".to_owned()],
            ..PageSettings::default()
        };
        for host in [
            "127.0.0.1:9660",
            "localhost:9660",
            "LOCALHOST",
            "[::1]:9660",
            "10.0.0.7",
            "Verifier.example:80",
        ] {
            assert!(settings.answers_to(host), "{host}");
        }
        for host in [
            "",
            "evil.example:9660",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "verifier.example.evil",
        ] {
            assert!(!settings.answers_to(host), "{host}");
        }
    }

    #[test]
    fn the_default_is_this_machine_alone() {
        let settings = PageSettings::default();
        assert!(settings.listen.ip().is_loopback());
        assert!(settings.check().is_ok());
    }

    #[test]
    fn settings_that_could_break_out_of_a_link_or_a_header_are_refused() {
        for explorer in ["javascript:alert(1)", "https://", "https://a\"onclick=", "ftp://a"] {
            let settings = PageSettings {
                explorer: Some(explorer.to_owned()),
                ..PageSettings::default()
            };
            assert!(settings.check().is_err(), "{explorer}");
        }
        for host in ["", "a b", "a:80", "*"] {
            let settings = PageSettings {
                hosts: vec![host.to_owned()],
                ..PageSettings::default()
            };
            assert!(settings.check().is_err(), "{host}");
        }
    }
}
