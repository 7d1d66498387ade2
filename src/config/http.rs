//! `[http]`: where requests are accepted.

use std::net::SocketAddr;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::unix_time::Span;

/// Where and how requests are accepted.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// The address and port to listen on. The default is reachable from this machine only; put a reverse proxy before it.
    pub listen: SocketAddr,
    /// Networks of reverse proxies whose `X-Forwarded-For` is believed, such as `["10.0.0.0/8"]`. With none, the header
    /// is ignored and the address of the connection counts.
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<IpNet>,
    /// The largest request body, in bytes.
    pub max_body_bytes: usize,
    /// How long one request may take before it is answered with 503.
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
            request_timeout: Span::seconds(30),
            shutdown_grace: Span::seconds(10),
        }
    }
}
