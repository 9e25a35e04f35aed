//! The locks that the log's parts share memory by: the standard library's, and in the tests of
//! interleavings those of shuttle, whose scheduler tries the orders of all threads' steps.
//!
//! Only locks are exchanged. What else is shared is tokio's `watch` and `Notify`. Each of
//! their calls takes effect at one point in time and waits for nobody while it does, so an interleaving is
//! an order of such points, and a scheduler that may change threads between any two of them
//! misses none. It may before a lock is taken, before it is released and, other than shuttle's own
//! guard, after that; between two calls that no lock stands between, a test says [`step`]. Calls
//! under a lock need no points between them, since nobody else sees the state in the middle but through
//! the same lock or by one such call, whose place among them makes no difference. Waiting for tokio's
//! futures is shuttle's affair (`block_on`): who is never woken is a deadlock, and is reported.

pub(super) use locks::*;

#[cfg(not(all(test, feature = "shuttle")))]
mod locks {
    pub(in crate::log) use std::sync::Mutex;
    use std::sync::{MutexGuard, PoisonError};

    /// No code panics while it holds one of these, and the values would be whole if it did.
    pub(in crate::log) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(all(test, feature = "shuttle"))]
mod locks {
    use std::ops::{Deref, DerefMut};
    use std::sync::PoisonError;

    pub(in crate::log) use shuttle::sync::Mutex;
    use shuttle::sync::MutexGuard;
    use shuttle::sync::atomic::{AtomicBool, Ordering};

    /// A place where another thread may come first. No yield, after which a scheduler that keeps to
    /// priorities would always let another come first.
    pub(in crate::log) fn step() {
        AtomicBool::new(false).load(Ordering::SeqCst);
    }

    pub(in crate::log) fn lock<T>(mutex: &Mutex<T>) -> Guard<'_, T> {
        Guard {
            locked: mutex.lock().unwrap_or_else(PoisonError::into_inner),
            _released: Released,
        }
    }

    /// Its release is a step of its own: the fields are dropped in this order.
    pub(in crate::log) struct Guard<'a, T> {
        locked: MutexGuard<'a, T>,
        _released: Released,
    }

    struct Released;

    impl<T> Deref for Guard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            &self.locked
        }
    }

    impl<T> DerefMut for Guard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            &mut self.locked
        }
    }

    impl Drop for Released {
        fn drop(&mut self) {
            // A test that has failed unwinds, and is scheduled no more.
            if !std::thread::panicking() {
                step();
            }
        }
    }
}
