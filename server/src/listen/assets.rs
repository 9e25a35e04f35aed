//! What lies in the binary: the widget, the script that sites paste, the demo shop.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::encoding::Encoding;

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// A file with its compressed forms.
#[derive(Debug)]
pub(super) struct Asset {
    path: &'static str,
    mime: &'static str,
    etag: &'static str,
    plain: &'static [u8],
    brotli: &'static [u8],
    gzip: &'static [u8],
}

/// How long a browser may keep a file without asking.
#[derive(Clone, Copy, Debug)]
enum Keep {
    /// Its address changes with its contents.
    Forever,
    /// A new release is to be in use soon.
    Minutes,
    /// Whoever works on a page wants to see it.
    Not,
}

/// The answer to a request for a file, if there is such a file.
pub(super) fn answer(path: &str, headers: &HeaderMap, is_demo: bool) -> Option<Response> {
    if let Some(asset) = find(WIDGET, path) {
        return Some(asset.response(headers, Keep::Forever));
    }
    if let Some(asset) = find(SCRIPT, path) {
        return Some(asset.response(headers, Keep::Minutes));
    }
    if !is_demo {
        return None;
    }
    let page = match path {
        "/" => find(PAGES, "/index.html"),
        path => find(PAGES, path).or_else(|| find(PAGES, &format!("{path}.html"))),
    };
    page.map(|page| page.response(headers, Keep::Not))
}

fn find(assets: &'static [Asset], path: &str) -> Option<&'static Asset> {
    assets.iter().find(|asset| asset.path == path)
}

impl Asset {
    fn response(&'static self, headers: &HeaderMap, keep: Keep) -> Response {
        let keep = match keep {
            Keep::Forever => "public, max-age=31536000, immutable",
            Keep::Minutes => "public, max-age=300",
            Keep::Not => "no-cache",
        };
        let same = [
            (ETAG, HeaderValue::from_static(self.etag)),
            (CACHE_CONTROL, HeaderValue::from_static(keep)),
            (VARY, HeaderValue::from_static("accept-encoding")),
        ];
        let text = |name| {
            headers
                .get(name)
                .and_then(|value: &HeaderValue| value.to_str().ok())
        };
        let known = text(IF_NONE_MATCH).unwrap_or_default();
        // Proxies that compress by themselves mark the tag as weak.
        let mut known = known
            .split(',')
            .map(|tag| tag.trim().trim_start_matches("W/"));
        if known.any(|tag| tag == self.etag || tag == "*") {
            return (StatusCode::NOT_MODIFIED, same).into_response();
        }
        let encoding = Encoding::negotiate(text(ACCEPT_ENCODING).unwrap_or_default());
        let bytes = match encoding {
            Encoding::Brotli => self.brotli,
            Encoding::Gzip => self.gzip,
            Encoding::Identity => self.plain,
        };
        let mut response = (same, Body::from(bytes)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.mime));
        if let Some(name) = encoding.name() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(axum::http::HeaderName, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn the_script_is_compressed_typed_and_kept_for_minutes() {
        let accept = headers(&[(ACCEPT_ENCODING, "gzip, br")]);
        let response = answer("/widget.js", &accept, false).unwrap();
        let headers = response.headers();
        assert_eq!(headers[CONTENT_ENCODING], "br");
        assert_eq!(headers[CONTENT_TYPE], "text/javascript; charset=utf-8");
        assert_eq!(headers[CACHE_CONTROL], "public, max-age=300");
        assert_eq!(headers[VARY], "accept-encoding");
    }

    #[test]
    fn what_a_browser_has_is_not_sent_again() {
        let plain = answer("/widget.js", &HeaderMap::new(), false).unwrap();
        assert!(!plain.headers().contains_key(CONTENT_ENCODING));
        let tag = plain.headers()[ETAG].to_str().unwrap().to_owned();
        let known = HeaderValue::from_str(&format!("\"x\", W/{tag}")).unwrap();
        let known = HeaderMap::from_iter([(IF_NONE_MATCH, known)]);
        let response = answer("/widget.js", &known, false).unwrap();
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn the_shop_is_there_for_the_demo_alone() {
        let none = HeaderMap::new();
        for path in ["/", "/about", "/about.html", "/shop.css"] {
            assert!(answer(path, &none, true).is_some(), "{path}");
            assert!(answer(path, &none, false).is_none(), "{path}");
        }
        assert!(answer("/nothing", &none, true).is_none());
    }
}
