//! Which addresses belong to the public internet. An address that somebody else names must not lead this machine into
//! its own network (openresearch.md W-34).

use std::{
    error::Error,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use reqwest::{
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::{Attempt, Policy},
};
use url::{Host, Url};

/// Most redirects that are followed.
const MAX_REDIRECTS: usize = 3;

/// Whether packets to this address leave for the public internet.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let reserved = match (first, second, third) {
        // RFC 6890: this network, shared address space, protocol assignments, benchmarks.
        (0, _, _) | (100, 64..=127, _) | (192, 0, 0) | (198, 18..=19, _) => true,
        // Reserved for ever.
        (240..=255, _, _) => true,
        _ => false,
    };
    !(reserved
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Global unicast (RFC 4291) without documentation and without the ways into IPv4 networks: Teredo, 6to4.
    match address.segments() {
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x2002, ..] | [0x3fff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// Whether the address names a public host: a number that is public, or a name, which is looked at when it is resolved.
pub(crate) fn may_be_public(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_public(address.into()),
        Some(Host::Ipv6(address)) => is_public(address.into()),
        Some(Host::Domain(name)) => !matches!(name.trim_end_matches('.'), "localhost"),
        None => false,
    }
}

/// Follows a few redirects among public hosts, never from https to http.
pub(crate) fn redirects() -> Policy {
    Policy::custom(|attempt: Attempt<'_>| {
        let was_safe = attempt.previous().last().is_some_and(|from| from.scheme() == "https");
        let is_safe = attempt.url().scheme() == "https";
        let is_http = is_safe || attempt.url().scheme() == "http";
        if attempt.previous().len() > MAX_REDIRECTS {
            attempt.error("too many redirects")
        } else if !is_http || (was_safe && !is_safe) || !may_be_public(attempt.url()) {
            attempt.error("redirected to an address that is not followed")
        } else {
            attempt.follow()
        }
    })
}

/// Resolves names to their public addresses only, so that no name leads inside.
#[derive(Debug)]
pub(crate) struct PublicNames;

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                let reason = format!("{} has no public address", name.as_str());
                return Err(Box::<dyn Error + Send + Sync>::from(reason));
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_and_its_networks_are_not_public() {
        for text in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "2002:a00:1::",
            "2001:db8::1",
            "64:ff9b::a00:1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn addresses_of_the_internet_are_public() {
        for text in [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_private_number_is_seen_in_any_spelling() {
        for text in [
            "http://127.1/",
            "http://0x7f.0.0.1/",
            "http://2130706433/",
            "http://[::ffff:127.0.0.1]/",
            "http://localhost./",
        ] {
            assert!(!may_be_public(&Url::parse(text).unwrap()), "{text}");
        }
    }
}
