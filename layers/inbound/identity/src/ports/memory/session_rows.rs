//! Sessions by their identifiers, in as little memory as they can be found in: the identifier is in the record, and nowhere else.

use std::{
    borrow::Borrow,
    collections::HashSet,
    hash::{BuildHasherDefault, Hash, Hasher},
    sync::Arc,
};

use crate::rules::session::{SessionId, SessionRecord};

#[derive(Default)]
pub(super) struct SessionRows(HashSet<Row, BuildHasherDefault<AsDrawn>>);

/// Shared with whoever loaded it.
struct Row(Arc<SessionRecord>);

impl SessionRows {
    pub(super) fn get(&self, id: SessionId) -> Option<&Arc<SessionRecord>> {
        self.0.get(&id).map(|row| &row.0)
    }

    pub(super) fn contains(&self, id: SessionId) -> bool {
        self.0.contains(&id)
    }

    pub(super) fn insert(&mut self, record: Arc<SessionRecord>) {
        self.0.replace(Row(record));
    }

    /// Changes all but the identifier.
    pub(super) fn change(&mut self, id: SessionId, change: impl FnOnce(&mut SessionRecord)) {
        if let Some(Row(mut record)) = self.0.take(&id) {
            change(Arc::make_mut(&mut record));
            self.0.insert(Row(record));
        }
    }

    /// In no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &SessionRecord> {
        self.0.iter().map(|row| &*row.0)
    }

    /// Takes them out; oldest first.
    pub(super) fn take_where(&mut self, which: impl Fn(&SessionRecord) -> bool) -> Vec<Arc<SessionRecord>> {
        let mut taken: Vec<_> = self.0.extract_if(|row| which(&row.0)).map(|row| row.0).collect();
        taken.sort_unstable_by_key(|record| record.id);
        taken
    }
}

impl Borrow<SessionId> for Row {
    fn borrow(&self) -> &SessionId {
        &self.0.id
    }
}

impl Hash for Row {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Row {}

/// Takes the end of an identifier for its hash. We drew it at random, and keep no other: whoever asks for what they like finds nothing,
/// and cannot make two of ours fall together.
#[derive(Default)]
struct AsDrawn(u64);

impl Hasher for AsDrawn {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(end) = bytes.last_chunk() {
            self.0 = u64::from_be_bytes(*end);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_takes_no_more_memory_than_it_is_given() {
        assert_eq!(size_of::<Row>(), 8);
        // With the two counts of the `Arc` and its own word, the allocator finds room for it in 176 bytes.
        assert!(size_of::<SessionRecord>() <= 152, "{}", size_of::<SessionRecord>());
    }
}
