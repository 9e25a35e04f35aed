//! What holds after a server's death: conversations' rows may be behind the log then.

use super::tests::{Place, place, start};
use super::*;

#[tokio::test]
async fn a_log_that_dies_goes_on_where_it_was() {
    let mut place = place();
    let (shop, other) = (place.site, SiteId(place.site.0 + 1));
    for n in 1..=70 {
        assert_eq!(place.say(1, n, "hello").await, Ok(Appended::New));
        if n % 3 == 0 {
            place.site = other;
            assert_eq!(place.say(1, 100 + n, "ahoy").await, Ok(Appended::New));
            place.site = shop;
        }
    }
    let head = place.head(1).await;
    let copy = tempfile::tempdir().unwrap();
    for file in ["holdfast.db", "holdfast.db-wal"] {
        std::fs::copy(place.folder.path().join(file), copy.path().join(file)).unwrap();
    }
    let row = Store::open(copy.path(), 0).unwrap();
    let row = row.reader().unwrap().head(head.id).unwrap().unwrap();
    assert!(row.events < head.events, "nothing was to be brought up");
    let log = start(Store::open(copy.path(), 0).unwrap());
    let mut place = Place {
        log,
        site: shop,
        folder: copy,
    };
    for (site, last) in [(shop, 71), (other, 24)] {
        let bounds = place.log.site_bounds(site).await.unwrap();
        assert_eq!((bounds.first, bounds.last), (1, last));
    }
    assert_eq!(place.head(1).await, head);
    let again = place.say(1, 70, "hello").await;
    assert!(matches!(again, Ok(Appended::Duplicate(_))));
    assert_eq!(place.say(1, 71, "hello").await, Ok(Appended::New));
    let seqs: Vec<_> = place
        .events(1)
        .await
        .iter()
        .map(|event| event.seq)
        .collect();
    assert_eq!(seqs, (22..=71).collect::<Vec<_>>());
    place.site = other;
    assert_eq!(place.say(2, 172, "ahoy").await, Ok(Appended::New));
    place.log.stop().await;
    let store = Store::open(place.folder.path(), 0).unwrap();
    let reader = store.reader().unwrap();
    for (site, last) in [(shop, 72), (other, 26)] {
        let log = reader.site_after(site, 0, 100).unwrap();
        assert!(log.iter().map(|event| event.offset).eq(1..=last));
    }
    assert!(store.faults().unwrap().is_empty());
}
