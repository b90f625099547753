//! How the use of quotas is measured.

use super::error::ConfigError;
use super::settings::Settings;
use crate::quotas::{QuotaSettings, Windows};

pub(super) fn quotas(settings: &Settings) -> Result<QuotaSettings, ConfigError> {
    let windows = |count, size_seconds| -> Result<Windows, ConfigError> {
        let seconds: u32 = settings.number(size_seconds)?;
        Ok(Windows {
            count: settings.number(count)?,
            size_ms: u64::from(seconds) * 1000,
        })
    };
    Ok(QuotaSettings {
        client: windows("quota.window.num", "quota.window.size.seconds")?,
        controller: windows(
            "controller.quota.window.num",
            "controller.quota.window.size.seconds",
        )?,
    })
}
