//! `[http]`: where requests are accepted.

use std::net::SocketAddr;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problems::Findings;
use crate::domain::unix_time::Span;

/// Where and how requests are accepted.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// The address and port to listen on. The default is reachable from this machine only; put a reverse proxy before it.
    /// An address beyond loopback needs an `https` issuer.
    #[schemars(extend("format" = "socket-address"))]
    pub listen: SocketAddr,
    /// Networks of reverse proxies whose `X-Forwarded-For` is believed, such as `["10.0.0.0/8"]`. With none, the header
    /// is ignored and the address of the connection counts.
    #[schemars(with = "Vec<String>", extend("items" = { "type": "string", "format": "network" }))]
    pub trusted_proxies: Vec<IpNet>,
    /// The largest request body.
    #[schemars(range(min = 1_024, max = 16_777_216), extend("x-unit" = "bytes"))]
    pub max_body_bytes: usize,
    /// The most connections that are open at once. For a further one, the one that has been idle or slow for longest is
    /// closed, of whoever has most of them.
    #[schemars(range(min = 1), extend("x-unit" = "connections"))]
    pub max_connections: u32,
    /// The most connections of one address (IPv6: one /64) that are open at once. Reverse proxies in `trusted_proxies` are
    /// not bound by it: they should limit their own callers.
    #[schemars(range(min = 1), extend("x-unit" = "connections"))]
    pub max_connections_per_address: u32,
    /// How long a connection may stay open without sending a request. Let a proxy keep its idle connections for less.
    #[schemars(extend("x-at-least" = "1s"))]
    pub header_timeout: Span,
    /// How long a request may take to arrive once it has begun: its head, and then its body.
    #[schemars(extend("x-at-least" = "1s"))]
    pub receive_timeout: Span,
    /// How long the rest of an answer may take once its reader has fallen behind.
    #[schemars(extend("x-at-least" = "1s"))]
    pub send_timeout: Span,
    /// How long one request may take before it is answered with 503.
    #[schemars(extend("x-at-least" = "1s"))]
    pub request_timeout: Span,
    /// How long running requests may go on after the signal to stop.
    pub shutdown_grace: Span,
}

impl Default for Http {
    fn default() -> Self {
        Http {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            trusted_proxies: Vec::new(),
            max_body_bytes: 65_536,
            max_connections: 10_000,
            max_connections_per_address: 256,
            header_timeout: Span::seconds(75),
            receive_timeout: Span::seconds(20),
            send_timeout: Span::seconds(30),
            request_timeout: Span::seconds(30),
            shutdown_grace: Span::seconds(10),
        }
    }
}

impl Http {
    pub(super) fn check(&self, findings: &mut Findings) {
        findings.require(
            self.trusted_proxies.iter().all(|network| network.prefix_len() > 0),
            &["http.trusted_proxies"],
            "http.trusted_proxies names the whole internet, so any caller could pretend to any address",
            "name the networks that your reverse proxies stand in",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_internet_is_not_a_trusted_proxy() {
        for (network, problems) in [("10.0.0.0/8", 0), ("::1/128", 0), ("0.0.0.0/0", 1), ("::/0", 1)] {
            let mut findings = Findings::default();
            Http { trusted_proxies: vec![network.parse().unwrap()], ..Http::default() }.check(&mut findings);
            assert_eq!(findings.len(), problems, "{network}");
        }
    }
}
