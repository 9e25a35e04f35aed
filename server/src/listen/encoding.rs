//! Which of the encodings that lie ready a browser takes.

/// An encoding that lies ready, the smallest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

impl Encoding {
    /// The smallest that an `Accept-Encoding` header takes (RFC 9110, section 12.5.3). A browser that takes
    /// nothing at all gets the plain bytes, which serve it better than an error.
    pub(super) fn negotiate(accept: &str) -> Self {
        let accepts = |name: &str| {
            let quality = |wanted: &str| {
                accept.split(',').find_map(|part| {
                    let (coding, parameters) = part.split_once(';').unwrap_or((part, ""));
                    coding.trim().eq_ignore_ascii_case(wanted).then(|| {
                        let quality = parameters.trim().strip_prefix("q=");
                        quality.map_or(1.0, |quality| quality.parse::<f32>().unwrap_or(0.0))
                    })
                })
            };
            quality(name).or_else(|| quality("*")).unwrap_or(0.0) > 0.0
        };
        if accepts("br") {
            Self::Brotli
        } else if accepts("gzip") {
            Self::Gzip
        } else {
            Self::Identity
        }
    }

    /// The name in `Content-Encoding`, where there is one.
    pub(super) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_that_is_taken_is_chosen() {
        for (accept, chosen) in [
            ("gzip, deflate, br, zstd", Encoding::Brotli),
            ("gzip, deflate", Encoding::Gzip),
            ("GZIP;q=0.5, br;q=0", Encoding::Gzip),
            ("gzip;q=1.0, br;q=0.1", Encoding::Brotli),
            ("*", Encoding::Brotli),
            ("br;q=0, *", Encoding::Gzip),
            ("identity", Encoding::Identity),
            ("", Encoding::Identity),
            ("gzip;q=x", Encoding::Identity),
        ] {
            assert_eq!(Encoding::negotiate(accept), chosen, "{accept}");
        }
    }
}
