//! Where an address of a client's leads to, for bounds that each host has of its own.

use url::Url;

/// The host that `address` leads to, in one spelling; empty when it leads to none.
///
/// Names below one domain are hosts of their own: what belongs together there, nobody can tell.
#[must_use]
pub fn host_of(address: &str) -> String {
    let url = Url::parse(address).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_one_however_it_is_spelt() {
        for (address, host) in [
            ("https://App.Example/out", "app.example"),
            ("https://app.example:8443/", "app.example"),
            ("https://app.example./out?x", "app.example"),
            ("https://user@app.example/", "app.example"),
            ("https://api.app.example/", "api.app.example"),
            ("http://127.1/", "127.0.0.1"),
            ("https://[::1]:7000/", "[::1]"),
            ("com.example:/cb", ""),
            ("no address", ""),
        ] {
            assert_eq!(host_of(address), host, "{address}");
        }
    }
}
