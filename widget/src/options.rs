//! What the site's owner wrote into the tag, or gave to `boot`, as far as it is not about looks.

use crate::sdk::Page;

/// The options.
#[derive(Debug)]
pub(crate) struct Options {
    /// `data-site`.
    pub(crate) site: String,
    /// The WebSocket of the server that the script came from.
    pub(crate) socket: String,
    /// An address there that answers at once.
    pub(crate) reach: String,
    /// `data-identity="tab"`: the visitor is known in this tab alone.
    pub(crate) is_tab_only: bool,
}

impl Options {
    /// Reads them off the page.
    pub(crate) fn read(page: &Page) -> Self {
        let server = page.option("server");
        Self {
            site: page.option("site"),
            socket: socket(&server),
            reach: [&server, "/healthz"].concat(),
            is_tab_only: page.option("identity") == "tab",
        }
    }
}

/// The WebSocket's address on a server whose origin is `http…`.
fn socket(server: &str) -> String {
    ["ws", server.strip_prefix("http").unwrap_or(server), "/ws"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secure_page_gets_a_secure_socket() {
        assert_eq!(socket("https://chat.test"), "wss://chat.test/ws");
        assert_eq!(socket("http://chat.test:8080"), "ws://chat.test:8080/ws");
    }
}
