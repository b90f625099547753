//! The accounts of one kind of quota: found by user and client id, forgotten an hour after their
//! last use, and never too many or too large.

use std::collections::BTreeMap;
use std::sync::Arc;

/// As in Kafka.
const IDLE_MS_MAX: u64 = 3600 * 1000;
const COUNT_MAX: usize = 10_000;
/// Of users and client ids, which may have 32,767 bytes each.
const NAME_BYTES_MAX: usize = 4 << 20;

type Name = Arc<(Box<str>, Box<str>)>;

/// Accounts with when each was used last.
#[derive(Debug)]
pub(super) struct Accounts<M> {
    by_name: BTreeMap<Name, Account<M>>,
    /// By the number of the last use.
    by_use: BTreeMap<u64, Name>,
    use_count: u64,
    name_bytes: usize,
}

#[derive(Debug)]
struct Account<M> {
    meter: M,
    last_use: u64,
    used_ms: u64,
}

impl<M> Accounts<M> {
    /// The account of a client, a new one if there is none.
    pub(super) fn open(
        &mut self,
        user: &str,
        client_id: &str,
        now_ms: u64,
        new: impl FnOnce() -> M,
    ) -> &mut M {
        self.forget_idle(now_ms);
        let name: Name = Arc::new((user.into(), client_id.into()));
        self.use_count += 1;
        let known = self.by_name.get_mut(&name);
        let name = match known {
            Some(account) => {
                let name = self.by_use.remove(&account.last_use);
                account.last_use = self.use_count;
                account.used_ms = now_ms;
                name.unwrap_or(name_of(user, client_id))
            }
            None => {
                self.make_room(user.len() + client_id.len());
                self.name_bytes += user.len() + client_id.len();
                let account = Account {
                    meter: new(),
                    last_use: self.use_count,
                    used_ms: now_ms,
                };
                self.by_name.insert(Arc::clone(&name), account);
                name
            }
        };
        self.by_use.insert(self.use_count, Arc::clone(&name));
        let account = self.by_name.get_mut(&name);
        &mut account.expect("it was found or inserted").meter
    }

    pub(super) fn len(&self) -> usize {
        self.by_name.len()
    }

    fn forget_idle(&mut self, now_ms: u64) {
        while let Some((_, name)) = self.by_use.first_key_value() {
            let used_ms = self.by_name.get(name).map_or(0, |account| account.used_ms);
            if now_ms.saturating_sub(used_ms) < IDLE_MS_MAX {
                return;
            }
            self.forget_oldest();
        }
    }

    fn make_room(&mut self, name_bytes: usize) {
        while self.len() >= COUNT_MAX
            || !self.by_use.is_empty() && self.name_bytes + name_bytes > NAME_BYTES_MAX
        {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, name)) = self.by_use.pop_first() {
            self.name_bytes -= name.0.len() + name.1.len();
            self.by_name.remove(&name);
        }
    }
}

impl<M> Default for Accounts<M> {
    fn default() -> Self {
        Self {
            by_name: BTreeMap::new(),
            by_use: BTreeMap::new(),
            use_count: 0,
            name_bytes: 0,
        }
    }
}

fn name_of(user: &str, client_id: &str) -> Name {
    Arc::new((user.into(), client_id.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_accounts_are_forgotten_and_used_ones_kept() {
        let mut accounts: Accounts<u32> = Accounts::default();
        *accounts.open("u", "a", 0, || 1) += 1;
        *accounts.open("u", "b", 0, || 1) += 1;
        assert_eq!(*accounts.open("u", "a", IDLE_MS_MAX - 1, || 1), 2);
        assert_eq!(*accounts.open("u", "b", IDLE_MS_MAX, || 1), 1);
        assert_eq!(*accounts.open("u", "a", IDLE_MS_MAX, || 1), 2);
        assert_eq!(accounts.len(), 2);
    }

    #[test]
    fn many_names_and_long_ones_take_bounded_room() {
        let mut accounts: Accounts<()> = Accounts::default();
        for number in 0..3 * COUNT_MAX {
            accounts.open("", &number.to_string(), 0, || ());
        }
        assert_eq!(accounts.len(), COUNT_MAX);
        for number in 0..1000 {
            let name = format!("{number:032767}");
            accounts.open("", &name, 0, || ());
            assert!(accounts.name_bytes <= NAME_BYTES_MAX);
        }
        assert!(accounts.len() < 200);
        assert_eq!(accounts.len(), accounts.by_use.len());
    }
}
