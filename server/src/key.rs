//! The server's own names for sites and visitors.

/// A site, by a number that one data folder gives once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteId(pub u64);

/// More events than a site's log ever gets: a thousand a second for 34 years. The places of one site's log.
const PLACES: u64 = 1 << 40;

impl SiteId {
    /// One number for an offset in this site's log: the events of all sites in one order, each site's log in one piece.
    /// An offset beyond all that a log can have becomes the last.
    #[must_use]
    pub(crate) const fn place(self, offset: u64) -> u64 {
        let within = if offset < PLACES { offset } else { PLACES - 1 };
        // Stays out of all databases' reach where it would be another site's: SQLite's numbers end at 2^63.
        self.0.saturating_mul(PLACES).saturating_add(within)
    }
}

/// A visitor of a site: the beginning of the SHA-256 of their token, so that who reads the disk can't pose
/// as one; or of the site's own name for a person who has proven to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VisitorId(pub [u8; 16]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_site_has_its_own_places_in_the_order_of_its_log() {
        let (first, second) = (SiteId(1), SiteId(2));
        assert_eq!(first.place(0), PLACES);
        assert_eq!(first.place(7) - first.place(6), 1);
        assert_eq!(first.place(u64::MAX) + 1, second.place(0));
        let beyond = SiteId(1 << 23).place(1);
        assert!(i64::try_from(beyond).is_err(), "SQLite refuses it");
        assert!(i64::try_from(SiteId((1 << 23) - 1).place(u64::MAX)).is_ok());
    }
}
