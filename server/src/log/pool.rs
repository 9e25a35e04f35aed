//! Reading connections, lent to blocking threads.

use std::sync::Arc;

use holdfast_protocol::time::Millis;
use tokio::sync::Semaphore;

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
    idle: Mutex<Vec<StoreReader>>,
    permits: Arc<Semaphore>,
}

impl Pool {
    pub(super) fn new(store: &Store, threads: Threads) -> Result<Self, StoreError> {
        let idle = (0..READERS)
            .map(|_| store.reader())
            .collect::<Result<_, _>>()?;
        Ok(Self {
            threads,
            idle: Mutex::new(idle),
            permits: Arc::new(Semaphore::new(READERS)),
        })
    }

    /// Runs a read.
    pub(super) async fn run<R: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&StoreReader) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let pool = Arc::clone(self);
        let read = move || {
            // Held here and not by the caller, who may be gone before the read ends.
            let _permit = permit;
            let reader = pool.take().ok_or(StoreError::Lost)?;
            let result = read(&reader);
            pool.put(reader);
            result
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

    fn take(&self) -> Option<StoreReader> {
        lock(&self.idle).pop()
    }

    fn put(&self, reader: StoreReader) {
        lock(&self.idle).push(reader);
    }
}
