//! What waits in its order.

/// First in, first out. A plain list, since few wait at a time: the ring of the standard library is more to download for
/// every type that is kept in one.
#[derive(Clone, Debug)]
pub struct Queue<T>(Vec<T>);

impl<T> Queue<T> {
    /// Puts one at the end.
    pub fn push(&mut self, next: T) {
        self.0.push(next);
    }

    /// Puts several at the end.
    pub fn append(&mut self, mut next: Vec<T>) {
        self.0.append(&mut next);
    }

    /// Takes the first one out.
    pub fn pop(&mut self) -> Option<T> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }

    /// Drops all of which this is not so.
    pub fn retain(&mut self, is_kept: impl FnMut(&T) -> bool) {
        self.0.retain(is_kept);
    }

    /// Drops all.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_comes_out_first() {
        let mut queue = Queue::default();
        queue.push(1);
        queue.append(vec![2, 3]);
        assert_eq!(queue.pop(), Some(1));
        queue.push(4);
        queue.retain(|number| *number != 3);
        assert_eq!(
            [queue.pop(), queue.pop(), queue.pop()],
            [Some(2), Some(4), None]
        );
        queue.push(5);
        queue.clear();
        assert_eq!(queue.pop(), None);
    }
}
