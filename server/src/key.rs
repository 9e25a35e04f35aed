//! The server's own names for sites and visitors.

/// A site, by a number that one data folder gives once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteId(pub u64);

/// A visitor of a site: the beginning of the SHA-256 of their token, so that who reads the disk can't pose
/// as one; or of the site's own name for a person who has proven to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VisitorId(pub [u8; 16]);
