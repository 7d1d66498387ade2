//! The address that a request comes from.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

use super::headers;

/// The connection's own address; behind proxies that the settings trust, the last address in `X-Forwarded-For` that is
/// not one of theirs. Anybody else's header says nothing.
pub fn of_request(connection: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut nearest = connection.to_canonical();
    if !is_trusted(&nearest) {
        return nearest;
    }
    // A proxy appends what it saw to whatever bytes a stranger has sent.
    let forwarded = headers::list(headers, HeaderName::from_static("x-forwarded-for"));
    for hop in forwarded.split(',').rev() {
        let hop = hop.trim();
        // Some proxies add the port.
        let with_port = || hop.parse::<SocketAddr>().map(|socket| socket.ip());
        let Ok(address) = hop.parse::<IpAddr>().or_else(|_| with_port()) else { break };
        nearest = address.to_canonical();
        if !is_trusted(&nearest) {
            break;
        }
    }
    nearest
}

/// What counts as one caller: an IPv4 address, or the /64 that an IPv6 subscriber holds.
pub fn caller(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn address(connection: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|t| t.parse().unwrap()).collect();
        of_request(connection.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
        assert_eq!(address("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(address("203.0.113.9", &["198.51.100.1"], &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(address("10.0.0.2", &["198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(address("10.0.0.2", &["198.51.100.1:5678"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(address("10.0.0.2", &["[2001:db8::1]:443"], &["10.0.0.0/8"]), "2001:db8::1");
        assert_eq!(address("::ffff:10.0.0.2", &["198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1");
    }

    #[test]
    fn what_a_stranger_wrote_before_the_proxy_is_not_believed() {
        assert_eq!(address("10.0.0.2", &["1.1.1.1, 198.51.100.1, 10.0.0.3"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(address("10.0.0.2", &["1.1.1.1", "198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(address("10.0.0.2", &["1.1.1.1, nonsense"], &["10.0.0.0/8"]), "10.0.0.2");
        assert_eq!(address("10.0.0.2", &["花, 198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1");
    }

    #[test]
    fn one_ipv6_subscriber_is_one_caller() {
        let a = caller("2001:db8:1:2:aaaa::1".parse().unwrap());
        assert_eq!(a, caller("2001:db8:1:2:bbbb::2".parse().unwrap()));
        assert_ne!(a, caller("2001:db8:1:3::1".parse().unwrap()));
    }
}
