//! What holds after a server's death: conversations' rows may be behind the log then.

use super::tests::{Place, place, start};
use super::*;

#[tokio::test]
async fn a_log_that_dies_goes_on_where_it_was() {
    let place = place();
    for n in 1..=70 {
        assert_eq!(place.say(1, n, "hello").await, Ok(Appended::New));
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
    let site = place.site;
    let place = Place {
        log,
        site,
        folder: copy,
    };
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
}
