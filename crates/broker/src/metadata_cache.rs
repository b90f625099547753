//! The cluster's metadata as this node has applied them, for everybody who serves requests.
//!
//! Not the job of this module: reading the metadata log, and acting on what changed in it.
//!
//! Invariant: what is seen here, the node's partitions and coordinators have been told of.

use metadata::image::MetadataImage;
use protocol::ids::Offset;
use std::sync::Arc;
use tokio::sync::watch;

/// The latest image; readers take it whole and never wait.
#[derive(Debug)]
pub struct MetadataCache {
    published: watch::Sender<Arc<Published>>,
}

/// An image and where in the metadata log it stands.
#[derive(Debug, Clone)]
pub struct Published {
    /// The metadata.
    pub image: MetadataImage,
    /// The offset behind the last record in it.
    pub end_offset: Offset,
    /// The version of the quorum's own records, which stands in a control record of the log and so
    /// in no image.
    pub kraft_version: i16,
}

impl Default for Published {
    fn default() -> Self {
        Self {
            image: MetadataImage::default(),
            end_offset: Offset::ZERO,
            kraft_version: 0,
        }
    }
}

impl Default for MetadataCache {
    fn default() -> Self {
        Self {
            published: watch::Sender::new(Arc::new(Published::default())),
        }
    }
}

impl MetadataCache {
    /// What is in effect.
    pub fn current(&self) -> Arc<Published> {
        Arc::clone(&self.published.borrow())
    }

    /// Puts the next image into effect.
    pub fn publish(&self, next: Published) {
        self.published.send_replace(Arc::new(next));
    }

    /// Waits until everything below `end_offset` is in effect.
    pub async fn reached(&self, end_offset: Offset) -> Arc<Published> {
        self.until(|published| published.end_offset >= end_offset)
            .await
    }

    /// Waits until what is in effect is so.
    pub async fn until(&self, is_so: impl Fn(&Published) -> bool) -> Arc<Published> {
        let mut published = self.published.subscribe();
        let found = published.wait_for(|published| is_so(published));
        Arc::clone(&found.await.expect("the sender is held by self"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_for_an_offset_gets_the_image_that_reaches_it() {
        let cache = Arc::new(MetadataCache::default());
        let waiting = tokio::spawn({
            let cache = Arc::clone(&cache);
            async move { cache.reached(Offset(5)).await.end_offset }
        });
        for end_offset in [Offset(3), Offset(7)] {
            let image = MetadataImage::default();
            cache.publish(Published {
                image,
                end_offset,
                ..Published::default()
            });
            tokio::task::yield_now().await;
        }
        assert_eq!(waiting.await.unwrap(), Offset(7));
        assert_eq!(cache.current().end_offset, Offset(7));
    }
}
