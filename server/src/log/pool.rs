//! Reads: each reading connection has a thread, which does one read after another.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use holdfast_protocol::time::Millis;
use tokio::sync::oneshot;

use crate::clock;
use crate::store::{Store, StoreError, StoreReader};

/// Reads at once: a read is short and mostly from the page cache, so few threads serve many, and a storm
/// of reconnects can't take all of the machine's.
const READERS: usize = 4;

/// Who carries a read out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Threads {
    /// Threads of the pool.
    Own,
    /// The caller, after so long a wait as a disk might take.
    Caller(fn() -> Millis),
}

/// Which reads come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Who somebody is: until they are told that they are known, they may try another line.
    Soon,
    /// What was missed: long reads, for which whoever was taken in waits.
    Later,
}

#[derive(Debug)]
pub(super) enum Pool {
    Own(Readers),
    Caller(fn() -> Millis, Mutex<StoreReader>),
}

impl Pool {
    pub(super) fn new(store: &Store, threads: Threads) -> Result<Self, StoreError> {
        Ok(match threads {
            Threads::Own => Self::Own(Readers::start(store)?),
            Threads::Caller(pause) => Self::Caller(pause, Mutex::new(store.reader()?)),
        })
    }

    /// Runs a read when it is its turn.
    ///
    /// # Errors
    /// The read's own, and when it did not come to its end.
    pub(super) async fn run<R: Send + 'static>(
        &self,
        turn: Turn,
        read: impl FnOnce(&StoreReader) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        match self {
            Self::Own(readers) => {
                let (answer, result) = oneshot::channel();
                readers.0.put(
                    turn,
                    Box::new(move |reader| {
                        // Who is gone by now needs no answer.
                        if !answer.is_closed() {
                            drop(answer.send(read(reader)));
                        }
                    }),
                );
                result.await.unwrap_or(Err(StoreError::Lost))
            }
            Self::Caller(pause, reader) => {
                tokio::time::sleep(clock::span(pause())).await;
                read(&reader.lock().unwrap_or_else(PoisonError::into_inner))
            }
        }
    }
}

/// The threads, until this is dropped.
#[derive(Debug)]
pub(super) struct Readers(Arc<Jobs>);

impl Readers {
    fn start(store: &Store) -> Result<Self, StoreError> {
        let readers = Self(Arc::default());
        for _ in 0..READERS {
            let (reader, jobs) = (store.reader()?, Arc::clone(&readers.0));
            std::thread::Builder::new()
                .name("log-reader".to_owned())
                .spawn(move || jobs.work(&reader))
                .map_err(|_| StoreError::Lost)?;
        }
        Ok(readers)
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.0.close();
    }
}

type Job = Box<dyn FnOnce(&StoreReader) + Send>;

/// Reads that wait for a thread.
#[derive(Default)]
struct Jobs {
    waiting: Mutex<Waiting>,
    news: Condvar,
}

#[derive(Default)]
struct Waiting {
    soon: VecDeque<Job>,
    later: VecDeque<Job>,
    /// Threads that have nothing to do.
    idle: usize,
    is_closed: bool,
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jobs").finish_non_exhaustive()
    }
}

impl Jobs {
    fn put(&self, turn: Turn, job: Job) {
        let mut waiting = self.lock();
        match turn {
            Turn::Soon => waiting.soon.push_back(job),
            Turn::Later => waiting.later.push_back(job),
        }
        // In a storm nobody is idle, and nobody need be woken.
        if waiting.idle > 0 {
            self.news.notify_one();
        }
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.news.notify_all();
    }

    /// Does one after another until the pool is gone.
    fn work(&self, reader: &StoreReader) {
        while let Some(job) = self.next() {
            // Whoever waits for a read that panics is told that it is lost; the connection is good for the next.
            let _ = catch_unwind(AssertUnwindSafe(|| job(reader)));
        }
    }

    fn next(&self) -> Option<Job> {
        let mut waiting = self.lock();
        loop {
            if waiting.is_closed {
                return None;
            }
            let job = waiting.soon.pop_front();
            if let Some(job) = job.or_else(|| waiting.later.pop_front()) {
                return Some(job);
            }
            waiting.idle += 1;
            waiting = self
                .news
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
            waiting.idle -= 1;
        }
    }

    /// No code panics while it holds this, and the values would be whole if it did.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_read_that_panics_takes_no_thread_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), 1 << 20).unwrap();
        let pool = Pool::new(&store, Threads::Own).unwrap();
        for _ in 0..=READERS {
            let lost: Result<(), _> = pool.run(Turn::Soon, |_| panic!("a read that panics")).await;
            assert!(matches!(lost, Err(StoreError::Lost)));
        }
        let sites = pool.run(Turn::Later, |reader| reader.sites()).await;
        assert!(sites.unwrap().is_empty());
    }

    #[test]
    fn who_somebody_is_comes_before_what_was_missed() {
        let folder = tempfile::tempdir().unwrap();
        let reader = Store::open(folder.path(), 1 << 20)
            .unwrap()
            .reader()
            .unwrap();
        let (jobs, done) = (Jobs::default(), Arc::new(Mutex::new(Vec::new())));
        let turns = [Turn::Later, Turn::Soon, Turn::Later, Turn::Soon];
        for (number, turn) in turns.into_iter().enumerate() {
            let done = Arc::clone(&done);
            jobs.put(turn, Box::new(move |_| done.lock().unwrap().push(number)));
        }
        for _ in turns {
            jobs.next().unwrap()(&reader);
        }
        assert_eq!(*done.lock().unwrap(), [1, 3, 0, 2]);
    }
}
