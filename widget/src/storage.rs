//! The browser's storage, which may be denied, full or cleared at any moment. Nothing here fails: what
//! can't be stored is kept in memory for as long as the page lives.

use std::cell::RefCell;

use web_sys::Window;

/// One of the browser's two areas.
pub(crate) struct Area {
    storage: Option<web_sys::Storage>,
    memory: RefCell<Vec<(String, String)>>,
}

impl Area {
    /// Lasts as long as the tab.
    pub(crate) fn session(window: &Window) -> Self {
        Self::new(window.session_storage().ok().flatten())
    }

    /// Lasts, and is shared by the tabs of the site.
    pub(crate) fn local(window: &Window) -> Self {
        Self::new(window.local_storage().ok().flatten())
    }

    /// Lasts as long as this value.
    #[cfg(test)]
    pub(crate) fn memory() -> Self {
        Self::new(None)
    }

    fn new(storage: Option<web_sys::Storage>) -> Self {
        Self {
            storage,
            memory: RefCell::default(),
        }
    }

    /// What was stored under this key.
    pub(crate) fn get(&self, key: &str) -> Option<String> {
        if let Some((_, kept)) = self.memory.borrow().iter().find(|(name, _)| name == key) {
            return Some(kept.clone());
        }
        self.storage.as_ref()?.get_item(key).ok().flatten()
    }

    /// Forgets it.
    pub(crate) fn remove(&self, key: &str) {
        if let Some(storage) = &self.storage {
            // Where storage is denied, nothing was stored.
            let _ = storage.remove_item(key);
        }
        self.memory.borrow_mut().retain(|(name, _)| name != key);
    }

    /// Stores it. Returns whether it will be there after a reload.
    pub(crate) fn set(&self, key: &str, value: &str) -> bool {
        let stored = self
            .storage
            .as_ref()
            .is_some_and(|storage| storage.set_item(key, value).is_ok());
        let mut memory = self.memory.borrow_mut();
        memory.retain(|(name, _)| name != key);
        if !stored {
            memory.push((key.to_owned(), value.to_owned()));
        }
        stored
    }
}
