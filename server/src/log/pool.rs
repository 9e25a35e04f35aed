//! Reading connections, lent to blocking threads.

use std::sync::Arc;

use holdfast_protocol::time::Millis;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::sync::{Mutex, lock};
use crate::clock;
use crate::store::{Store, StoreError, StoreReader};

/// Reads at once: a read is short and mostly from the page cache, so few threads serve many, and a storm
/// of reconnects can't take all of the machine's.
const READERS: usize = 4;

/// Who carries a read out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Threads {
    /// The runtime's blocking threads.
    Own,
    /// The caller, after so long a wait as a disk might take.
    Caller(fn() -> Millis),
}

#[derive(Debug)]
pub(super) struct Pool {
    threads: Threads,
    readers: Arc<Shelf<StoreReader>>,
}

impl Pool {
    pub(super) fn new(store: &Store, threads: Threads) -> Result<Self, StoreError> {
        let readers = (0..READERS)
            .map(|_| store.reader())
            .collect::<Result<_, _>>()?;
        Ok(Self {
            threads,
            readers: Arc::new(Shelf::new(readers)),
        })
    }

    /// Runs a read.
    pub(super) async fn run<R: Send + 'static>(
        &self,
        read: impl FnOnce(&StoreReader) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        // Held by the thread and not by the caller, who may be gone before the read ends.
        let lent = self.readers.lend().await;
        let read = move || {
            let reader = lent.as_ref().and_then(Lent::get);
            read(reader.ok_or(StoreError::Lost)?)
        };
        match self.threads {
            Threads::Own => {
                let task = tokio::task::spawn_blocking(read);
                task.await.unwrap_or(Err(StoreError::Lost))
            }
            Threads::Caller(pause) => {
                tokio::time::sleep(clock::span(pause())).await;
                read()
            }
        }
    }
}

/// Things that one at a time may have, each of them.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    idle: Mutex<Vec<T>>,
    permits: Arc<Semaphore>,
}

impl<T> Shelf<T> {
    pub(super) fn new(things: Vec<T>) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(things.len())),
            idle: Mutex::new(things),
        }
    }

    /// Waits until there is one.
    pub(super) async fn lend(self: &Arc<Self>) -> Option<Lent<T>> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok()?;
        let thing = lock(&self.idle).pop();
        Some(Lent {
            thing,
            shelf: Arc::clone(self),
            _permit: permit,
        })
    }
}

/// Something that is lent until this is dropped, be it by a panic.
#[derive(Debug)]
pub(super) struct Lent<T> {
    thing: Option<T>,
    shelf: Arc<Shelf<T>>,
    /// Given back after the thing, since fields are dropped last: whoever gets it finds the thing.
    _permit: OwnedSemaphorePermit,
}

impl<T> Lent<T> {
    pub(super) fn get(&self) -> Option<&T> {
        self.thing.as_ref()
    }
}

impl<T> Drop for Lent<T> {
    fn drop(&mut self) {
        lock(&self.shelf.idle).extend(self.thing.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_read_that_panics_gives_its_connection_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), 1 << 20).unwrap();
        let pool = Pool::new(&store, Threads::Own).unwrap();
        for _ in 0..=READERS {
            let lost: Result<(), _> = pool.run(|_| panic!("a read that panics")).await;
            assert!(matches!(lost, Err(StoreError::Lost)));
        }
        assert!(pool.run(|reader| reader.sites()).await.unwrap().is_empty());
    }
}
