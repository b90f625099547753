//! How what is used is measured.

/// The samples of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// How many there are, at least 1.
    pub count: u32,
    /// How long each lasts, at least a second.
    pub size_ms: u64,
}

/// Samples for each kind of quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaSettings {
    /// `quota.window.num` and `quota.window.size.seconds`.
    pub client: Windows,
    /// `controller.quota.window.num` and `controller.quota.window.size.seconds`.
    pub controller: Windows,
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            count: 11,
            size_ms: 1000,
        }
    }
}

impl Windows {
    pub(super) fn span_ms(self) -> u64 {
        u64::from(self.count) * self.size_ms
    }
}
